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

if (poll) {
  let gapMs = 2000;
  const look = async () => {
    try {
      const answer = document.hidden ? null : await fetch(poll, { cache: 'no-store', credentials: 'omit' });
      if (answer?.ok && (await answer.json()).stamp !== stamp) return again();
    } catch {
      // Away for a moment; asked again below.
    }
    gapMs = Math.min(gapMs * 1.2, 10000);
    setTimeout(look, gapMs);
  };
  setTimeout(look, gapMs);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) gapMs = 2000;
  });
}
