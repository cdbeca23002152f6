// The waiting page counts down by the server's clock and loads itself again: at the end of the count, and now and then
// before, since the wait is only reckoned. A page that cannot be loaded stays as it is, with its number.
const queue = document.querySelector("#queue[data-seconds]");
if (queue) {
  const shown = queue.querySelector(".countdown");
  const ends = performance.now() + Number(queue.dataset.seconds) * 1000;
  const every = Number(queue.dataset.again) * 1000;
  // Not all at the same moment.
  const spread = Math.random() * 2000;
  let next = Math.min(ends, performance.now() + (ends - performance.now() > 60000 ? 60000 : every)) + spread;
  const two = (number) => String(number).padStart(2, "0");
  const words = (seconds) => {
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
  };
  const load = async () => {
    next = performance.now() + every + spread;
    try {
      const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
      if (answer.ok) location.reload();
    } catch {
      // Tried again later.
    }
  };
  setInterval(() => {
    if (shown) shown.textContent = words(Math.max(0, Math.ceil((ends - performance.now()) / 1000)));
    if (performance.now() >= next) load();
  }, 1000);
}
