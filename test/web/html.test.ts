import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Piece, html } from '../../src/web/html.ts';

test('everything that is interpolated is text, nested markup is markup', () => {
  const hostile = `<script>alert("1")</script>'&\``;
  assert.equal(
    html`<p title="${hostile}">${hostile}</p>`.toString(),
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;&#96;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;&#96;</p>',
  );
  const list = ['a', '<b>'].map((name) => html`<li>${name}</li>`);
  assert.equal(
    html`<ul>${list}${null}${false}${undefined}${7n}</ul>`.toString(),
    '<ul><li>a</li><li>&lt;b&gt;</li>7</ul>',
  );
});

test('a thing that only looks like markup is not', () => {
  // A plain object must not pass for markup, whatever its toString says; the type forbids it, so does the code.
  const forged = { toString: () => '<b>' } as unknown as Piece;
  assert.throws(() => html`<p>${forged}</p>`);
});

test('places where escaping cannot protect are refused', () => {
  const x = 'x';
  assert.throws(() => html`<p class=${x}>`, /unquoted/);
  assert.throws(() => html`<p onclick="go(${x})">`, /code/);
  assert.throws(() => html`<p style="color:${x}">`, /code/);
  assert.throws(() => html`<script>let a = '${x}'</script>`, /code/);
  assert.throws(() => html`<style>${x}</style>`, /code/);
  assert.throws(() => html`<p ${x}>`, /members of a tag/);
  assert.throws(() => html`<p class="${html`<b>`}">`, /inside an attribute/);
  assert.throws(() => html`<p class="a" onclick='${x}'>`, /code/);
  assert.equal(html`<p class="a" ${html`hidden`}>a = ${x}</p>`.toString(), '<p class="a" hidden>a = x</p>');
});

test('an address may be put together, as long as its beginning is safe', () => {
  const token = '"><b>';
  assert.equal(
    html`<a href="/a/${token}?lang=${'id'}">${1n} > ${2n}</a>`.toString(),
    '<a href="/a/&quot;&gt;&lt;b&gt;?lang=id">1 > 2</a>',
  );
  assert.equal(html`<a href="${'javascript:x'}?lang=${'id'}">`.toString(), '<a href="#?lang=id">');
});

test('addresses lead to http(s) or to this host, or nowhere', () => {
  const href = (address: string) => /href="([^"]*)"/.exec(html`<a href="${address}">x</a>`.toString())?.[1];
  for (const good of ['https://shop.example/a?b=1', 'http://127.0.0.1:9/x', '/cashier/abc', '?lang=id', '#x'])
    assert.equal(href(good), good);
  for (const bad of [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    '//evil.example/',
    '/\\evil.example',
    'file:///etc/passwd',
    'http://',
    '',
  ])
    assert.equal(href(bad), '#', bad);
});
