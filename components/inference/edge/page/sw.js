// Everything that the page is, kept by what is in it: a new champion comes whole or not at all, and without a network the last one works.

const CONTENTS = {};
const PREFIX = "journeyman-edge ";
const CACHE = `${PREFIX}${self.registration.scope} ${CONTENTS.hash}`;

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(clear().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function fill() {
  const cache = await caches.open(CACHE);
  const put = async ([path, integrity]) => {
    const response = await fetch(path, { cache: "no-cache", integrity });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await cache.put(path, response);
  };
  await Promise.all(Object.entries(CONTENTS.files).map(put));
}

async function clear() {
  const own = `${PREFIX}${self.registration.scope} `;
  const old = (await caches.keys()).filter((name) => name.startsWith(own) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const path = request.mode === "navigate" ? "index.html" : request;
  return (await cache.match(path)) ?? fetch(request);
}
