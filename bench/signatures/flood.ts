/** Sends one request over and over, as fast as the connections can; tells how many came back each second. */
import http from 'node:http';

const [, , url = '', body = '', connections = '1'] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  'content-length': String(Buffer.byteLength(body)),
};
let count = 0;

function again(): void {
  const sent = http.request(`${url}/gateway.do`, { agent, method: 'POST', headers }, (answer) => {
    answer.resume();
    answer.on('end', () => {
      count += 1;
      again();
    });
  });
  sent.on('error', () => setTimeout(again, 20));
  sent.end(body);
}

for (let i = 0; i < Number(connections); i += 1) again();
setInterval(() => {
  process.send?.(count);
  count = 0;
}, 1_000);
