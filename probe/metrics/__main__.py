import sys

from probe.metrics.document import document

sys.stdout.write(document())
