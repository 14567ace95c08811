// Shows the page as it is now, every few seconds, while somebody looks. Without it the page is whole, and stands still.
const EVERY = 10_000;

async function refresh() {
  const main = document.querySelector("main");
  if (document.hidden || main.querySelector(":focus-visible") || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`the hub answered ${answer.status}`);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const before = [...main.querySelectorAll("[data-keep]")];
  const after = [...next.querySelectorAll("main [data-keep]")];
  const kept = before.map((part) => [part.scrollLeft, part.open]);
  document.title = next.title;
  main.replaceChildren(...next.querySelector("main").childNodes);
  after.forEach((part, place) => {
    if (!kept[place]) return;
    part.scrollLeft = kept[place][0];
    if (kept[place][1]) part.open = true;
  });
}

async function live() {
  const stale = document.querySelector("#stale");
  try {
    await refresh();
    stale.hidden = true;
  } catch (error) {
    stale.hidden = false; // what is shown is old: it must not be taken for now
  }
  setTimeout(live, EVERY);
}

setTimeout(live, EVERY);
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
