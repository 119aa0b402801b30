// Puts files of any size into the evidence bucket, in parts (decision 0025). Each part is hashed
// before its address is asked for; the address takes only bytes with that SHA-256. What has arrived
// is asked of the server, so that an upload goes on where the line broke, also tomorrow.
"use strict";

(() => {
  const box = document.getElementById("parts");
  if (!box || !window.isSecureContext || !crypto.subtle) return; // The form does it, up to 20 MiB.

  const IN_FLIGHT = 4;
  const MEMORY = 256 * 1024 * 1024;
  const TRIES = 8;
  const LONGEST_REST = 30000;
  const TOGETHER = 20; // milliseconds in which parts share one request for their addresses

  const chosen = box.querySelector("input[type=file]");
  const bar = box.querySelector("progress");
  const status = box.querySelector("[role=status]");
  const again = box.querySelector("[data-do=again]");
  const stop = box.querySelector("[data-do=stop]");
  const say = (word, values = {}) => {
    status.textContent = box.dataset[word].replace(/\[(\w+)\]/g, (_, name) => values[name] ?? "");
  };

  class Refused extends Error {} // Trying again would change nothing; its message names the text.
  class Stopped extends Error {}

  let halt = new AbortController();
  const rest = (tries) => new Promise((ready, failed) => {
    if (halt.signal.aborted) return failed(new Stopped());
    const longest = navigator.onLine ? Math.min(1000 * 2 ** tries, LONGEST_REST) : LONGEST_REST;
    const timer = setTimeout(go, longest * (0.5 + Math.random() / 2));
    function go() {
      clearTimeout(timer);
      removeEventListener("online", go);
      ready();
    }
    addEventListener("online", go);
    halt.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      removeEventListener("online", go);
      failed(new Stopped());
    }, { once: true });
  });

  async function tried(what) {
    for (let tries = 0; ; tries++) {
      if (halt.signal.aborted) throw new Stopped();
      try {
        return await what();
      } catch (error) {
        if (halt.signal.aborted) throw new Stopped();
        if (error instanceof Refused) throw error;
        if (tries + 1 >= TRIES) throw new Refused("broken");
        say("waiting");
        await rest(tries);
      }
    }
  }

  // Asks our own server; a redirect leads to the sign-in page.
  const ask = (path, fields) => tried(async () => {
    const answer = await fetch(`${box.dataset.path}${path}`, {
      method: "POST",
      body: new URLSearchParams({ csrf: box.dataset.csrf, ...fields }),
      redirect: "manual",
      signal: halt.signal,
    });
    if (answer.type === "opaqueredirect" || answer.status === 403) throw new Refused("signedout");
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      throw new Refused("refused");
    }
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  });

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

  // The addresses of parts that are ready at about the same time come with one request.
  function addresses(begun) {
    let waiting = [];
    const flush = async () => {
      const asked = waiting;
      waiting = [];
      try {
        const parts = asked.map((one) => `${one.number} ${one.digest}`).join("\n");
        const found = await ask(`/${begun.upload_id}/sign`, { token: begun.token, parts });
        asked.forEach((one) => one.ready(found[one.number]));
      } catch (error) {
        asked.forEach((one) => one.failed(error));
      }
    };
    return (number, digest) => new Promise((ready, failed) => {
      if (!waiting.length) setTimeout(flush, TOGETHER);
      waiting.push({ number, digest, ready, failed });
    });
  }

  const put = (address, bytes, digest, progressed) => new Promise((ready, failed) => {
    const request = new XMLHttpRequest(); // fetch does not say how far an upload is
    const abort = () => request.abort();
    request.open("PUT", address);
    request.setRequestHeader("x-amz-checksum-sha256", digest);
    request.upload.onprogress = (event) => progressed(event.loaded);
    request.onload = () => (request.status === 200 ? ready() : failed(new Error(request.status)));
    request.onerror = request.ontimeout = () => failed(new Error("line"));
    request.onabort = () => failed(new Stopped());
    request.onloadend = () => halt.signal.removeEventListener("abort", abort);
    halt.signal.addEventListener("abort", abort);
    request.send(bytes);
  });

  // What was begun is kept under a digest of what the file is, without its name.
  const markOf = async (file) => {
    const words = [box.dataset.path, file.name, file.size, file.lastModified].join("\n");
    return `upload-${hex(await sha256(new TextEncoder().encode(words)))}`;
  };

  async function arrived(begun) {
    const there = new Map();
    for (let after = 0; ;) {
      const fields = { token: begun.token, after };
      const page = await ask(`/${begun.upload_id}/parts`, fields);
      page.forEach(([number, digest]) => there.set(number, digest));
      if (page.length < 1000) return there;
      after = page[page.length - 1][0];
    }
  }

  async function begin(file, mark) {
    const kept = JSON.parse(localStorage.getItem(mark) ?? "null");
    if (kept) {
      try {
        return [kept, await arrived(kept)];
      } catch (error) {
        if (!(error instanceof Refused) || error.message !== "refused") throw error;
        localStorage.removeItem(mark); // S3 has thrown it away, or it is complete
      }
    }
    const begun = await ask("", { name: file.name, type: file.type, size: file.size });
    localStorage.setItem(mark, JSON.stringify(begun));
    return [begun, new Map()];
  }

  async function send(file) {
    const mark = await markOf(file);
    const [begun, there] = await begin(file, mark);
    const addressOf = addresses(begun);
    const count = Math.ceil(file.size / begun.part_size);
    const digests = new Uint8Array(32 * count);
    const loaded = new Map();
    let next = 0, done = 0;
    const show = () => {
      const sent = done + [...loaded.values()].reduce((sum, one) => sum + one, 0);
      bar.value = sent / file.size;
      say("progress", {
        name: file.name,
        percent: Math.floor((100 * sent) / file.size),
        sent: (sent / 2 ** 20).toFixed(0),
        size: (file.size / 2 ** 20).toFixed(0),
      });
    };
    const sendPart = async (number) => {
      const start = (number - 1) * begun.part_size;
      let bytes;
      try {
        bytes = await file.slice(start, start + begun.part_size).arrayBuffer();
      } catch {
        localStorage.removeItem(mark); // what has arrived is of another file
        await ask(`/${begun.upload_id}/abort`, { token: begun.token });
        throw new Refused("changed");
      }
      const digest = await sha256(bytes);
      digests.set(digest, 32 * (number - 1));
      const said = base64(digest);
      if (there.get(number) !== said) {
        await tried(async () => put(await addressOf(number, said), bytes, said, (now) => {
          loaded.set(number, now);
          show();
        }));
      }
      loaded.delete(number);
      done += bytes.byteLength;
      show();
    };
    const worker = async () => {
      while (next < count) await sendPart(++next);
    };
    const workers = Math.max(1, Math.min(IN_FLIGHT, Math.floor(MEMORY / begun.part_size)));
    await Promise.all(Array.from({ length: workers }, worker));
    say("checking", { name: file.name });
    const composite = hex(await sha256(digests));
    await ask(`/${begun.upload_id}/complete`, { token: begun.token, size: file.size, composite });
    localStorage.removeItem(mark);
  }

  let left = [];
  async function run() {
    halt = new AbortController();
    again.hidden = true;
    stop.hidden = bar.hidden = false;
    chosen.disabled = true;
    window.onbeforeunload = (event) => event.preventDefault();
    try {
      while (left.length) {
        await send(left[0]);
        left.shift();
      }
      bar.value = 1;
      say("done");
      chosen.value = "";
    } catch (error) {
      halt.abort(); // the others of its parts
      say(error instanceof Refused ? error.message : error instanceof Stopped ? "stopped" : "broken");
      again.hidden = false;
    }
    stop.hidden = true;
    chosen.disabled = false;
    window.onbeforeunload = null;
  }

  chosen.addEventListener("change", () => {
    left = Array.from(chosen.files).filter((file) => file.size);
    if (left.length) run();
  });
  again.addEventListener("click", run);
  stop.addEventListener("click", () => halt.abort());

  box.hidden = false;
  document.getElementById("form").hidden = true;
})();
