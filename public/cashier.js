// The payment page works without this: it counts down, copies, checks what is typed, and notices a change by itself.
'use strict';

document.documentElement.dataset.script = '';
const { poll, events, stamp } = document.body.dataset;

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

// Moments in the viewer's own zone, written as the server writes them for the shop's.
for (const time of document.querySelectorAll('.moment')) {
  const at = new Date(time.dateTime);
  const zone = (locale, timeZoneName) =>
    new Intl.DateTimeFormat(locale, { timeZoneName }).formatToParts(at).find(({ type }) => type === 'timeZoneName')
      .value;
  const { locale } = time.dataset;
  const short = zone('id', 'short');
  const name = short.startsWith('WI') ? short : zone(locale, 'long');
  time.textContent = `${new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at)} ${name}`;
}

for (const button of document.querySelectorAll('.copy')) {
  const face = button.firstElementChild;
  const label = face.textContent;
  if (!navigator.clipboard) button.style.visibility = 'hidden';
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      face.textContent = button.dataset.copied;
      setTimeout(() => {
        face.textContent = label;
      }, 2000);
    } catch {
      // Not allowed here: the number is on the page and can be selected.
      button.style.visibility = 'hidden';
    }
  });
}

// A card number in groups, and its check digit, before anything is sent.
for (const field of document.querySelectorAll('[data-card]')) {
  field.addEventListener('input', () => {
    const digits = field.value.replace(/\D/g, '').slice(0, 19);
    if (field.selectionStart === field.value.length) field.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
    let sum = 0;
    [...digits].reverse().forEach((digit, place) => {
      const part = Number(digit) * (1 + (place % 2));
      sum += part > 9 ? part - 9 : part;
    });
    field.setCustomValidity(digits.length < 12 || sum % 10 === 0 ? '' : '✗');
  });
}

for (const button of document.querySelectorAll('[data-wait]')) {
  const ready = performance.now() + Number(button.dataset.wait);
  const label = button.textContent;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((ready - performance.now()) / 1000));
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? `${label} (${seconds})` : label;
    if (seconds === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
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
  let isLeaving = false;
  const heard = (state) => !isLeaving && state.stamp !== stamp && again();
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
    stream = new EventSource(events);
    stream.addEventListener('state', (event) => {
      clearTimeout(timer);
      gapMs = 2000;
      heard(JSON.parse(event.data));
    });
    // Broken for now, or refused for good: until it is back, if ever, the page asks.
    stream.addEventListener('error', () => {
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
  // What the payer goes to next may change the state: the news of it must not overtake the page that is on its way.
  const leave = () => {
    isLeaving = true;
    close();
    setTimeout(() => {
      isLeaving = false;
      if (!stream && !document.hidden) open();
    }, 15000);
  };
  addEventListener('submit', leave);
  addEventListener('click', ({ target }) => {
    if (target.closest('a[href]:not([download])')) leave();
  });
}
