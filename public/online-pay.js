// Calls the wallet the page runs in. What the wallet says to the page is never believed: the page asks its own server.
'use strict';

const start = document.querySelector('[data-bridge]');

/** The page as it is now, without starting the payment again. */
function back() {
  location.replace(start.dataset.back);
}

const bridges = {
  ALIPAY: {
    global: 'AlipayJSBridge',
    ready: 'AlipayJSBridgeReady',
    call: (bridge, value) => bridge.call('tradePay', { tradeNO: value }, back),
  },
  WECHAT: {
    global: 'WeixinJSBridge',
    ready: 'WeixinJSBridgeReady',
    call(bridge, value) {
      const { appId, timeStamp, nonceStr, package: prepaid, signType, paySign } = JSON.parse(value);
      const call = { appId, timeStamp, nonceStr, package: prepaid, signType, paySign };
      bridge.invoke('getBrandWCPayRequest', call, back);
    },
  },
};

if (start) {
  const bridge = bridges[start.dataset.bridge];
  const pay = () => bridge.call(window[bridge.global], start.dataset.value);
  const begin = () => (window[bridge.global] ? pay() : document.addEventListener(bridge.ready, pay, { once: true }));
  start.addEventListener('click', begin);
  begin();
}
