// The payment page works without this: it counts down, copies, and notices a change by itself.
'use strict';

const { poll, stamp } = document.body.dataset;

/** Loads the page anew, without the note about the last click. */
function again() {
  const url = new URL(location.href);
  url.searchParams.delete('note');
  location.replace(url);
}

for (const clock of document.querySelectorAll('.countdown')) {
  // Counted from what the server said is left: the payer's own clock may be wrong.
  const over = performance.now() + Number(clock.dataset.left);
  const two = (value) => String(Math.floor(value)).padStart(2, '0');
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((over - performance.now()) / 1000));
    clock.textContent = `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
    if (seconds > 0) return;
    clearInterval(timer);
    setTimeout(again, 1500);
  };
  const timer = setInterval(tick, 1000);
}

for (const button of document.querySelectorAll('.copy')) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => {
        button.textContent = label;
      }, 2000);
    } catch {
      // Not allowed here: the number is on the page and can be selected.
      button.hidden = true;
    }
  });
}

for (const form of document.querySelectorAll('form')) {
  // One touch is one choice; a second one would only be told that the first was taken.
  form.addEventListener('submit', () => {
    setTimeout(() => {
      for (const button of document.querySelectorAll('form button')) button.disabled = true;
    }, 0);
  });
}

// Coming back with the browser's arrow shows an old copy of the page.
addEventListener('pageshow', (event) => {
  if (event.persisted) again();
});

// News by a stream; where there is none (too many pages, a proxy in between), the page asks from time to time.
if (poll) {
  let stream = null;
  let gapMs = 2000;
  let timer = 0;
  const heard = (state) => state.stamp !== stamp && again();
  const ask = async () => {
    clearTimeout(timer);
    try {
      const answer = document.hidden ? null : await fetch(poll, { cache: 'no-store', credentials: 'omit' });
      if (answer?.ok) heard(await answer.json());
    } catch {
      // Away for a moment; asked again below.
    }
    gapMs = Math.min(gapMs * 1.2, 10000);
    timer = setTimeout(ask, gapMs);
  };
  const open = () => {
    stream = new EventSource(document.body.dataset.events);
    stream.addEventListener('state', (event) => {
      clearTimeout(timer);
      gapMs = 2000;
      heard(JSON.parse(event.data));
    });
    stream.addEventListener('error', () => {
      if (stream.readyState === EventSource.CLOSED) stream = null;
      clearTimeout(timer);
      timer = setTimeout(ask, gapMs);
    });
  };
  const close = () => {
    stream?.close();
    stream = null;
    clearTimeout(timer);
  };
  if (!document.hidden) open();
  // A browser has few connections to one host: pages nobody looks at give theirs back.
  document.addEventListener('visibilitychange', () => {
    close();
    if (!document.hidden) open();
  });
  addEventListener('pagehide', close);
}
