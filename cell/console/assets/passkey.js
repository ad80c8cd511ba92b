// Passkeys: registration, sign-in by button, and sign-in from the autofill list of the identifier field.
//
// A form says what it wants by data-passkey:
//   "create"       ask for a new passkey when the form is submitted
//   "get"          ask for a passkey when the form is submitted; with data-auto also once when the page opens
//   "conditional"  as "get", and offer passkeys in the autofill list of the field with autocomplete="… webauthn"
// data-options is the address (same origin) that answers with the options as JSON: {"publicKey": {…}}.
// The answer of the authenticator goes as JSON into the form's hidden field "credential", and the form is posted.
// Words come from data-text-failed and data-text-unsupported; they are shown in the form's [data-passkey-error].
(() => {
  "use strict";

  // Options hold a challenge that the server forgets; a waiting autofill request is renewed before that.
  const OPTIONS_AGE_MAX_MS = 4 * 60 * 1000;

  const isSupported = typeof window.PublicKeyCredential === "function" && !!navigator.credentials;
  let waiting = null; // the AbortController of the autofill request under way

  const toBytes = (text) => {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    const raw = atob(base64 + "=".repeat((4 - (base64.length % 4)) % 4));
    return Uint8Array.from(raw, (char) => char.charCodeAt(0));
  };

  const toText = (buffer) => {
    let raw = "";
    for (const byte of new Uint8Array(buffer)) raw += String.fromCharCode(byte);
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const decodeIds = (list) => (list || []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

  const loadOptions = async (form) => {
    const reply = await fetch(form.dataset.options, {
      credentials: "same-origin",
      cache: "no-store",
      headers: { accept: "application/json" },
    });
    if (!reply.ok) {
      const fault = new Error("options: " + reply.status);
      // The server knows why there are none, and says it in the reader's words.
      if (reply.status === 409) fault.told = (await reply.json()).error;
      throw fault;
    }
    const options = (await reply.json()).publicKey;
    options.challenge = toBytes(options.challenge);
    if (options.user) options.user.id = toBytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = decodeIds(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = decodeIds(options.excludeCredentials);
    return options;
  };

  const encode = (credential) => {
    const from = credential.response;
    const response = { clientDataJSON: toText(from.clientDataJSON) };
    if (from.attestationObject) {
      response.attestationObject = toText(from.attestationObject);
      response.transports = typeof from.getTransports === "function" ? from.getTransports() : [];
    } else {
      response.authenticatorData = toText(from.authenticatorData);
      response.signature = toText(from.signature);
      response.userHandle = from.userHandle ? toText(from.userHandle) : null;
    }
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const say = (form, text) => {
    const place = form.querySelector("[data-passkey-error]");
    if (!place) return;
    place.querySelector("p").textContent = text || "";
    place.hidden = !text;
  };

  const post = (form, credential) => {
    form.elements.namedItem("credential").value = encode(credential);
    form.submit();
  };

  const stopWaiting = () => {
    if (waiting) waiting.abort();
    waiting = null;
  };

  // The ceremony that a press of the button begins.
  const ask = async (form) => {
    stopWaiting();
    say(form, "");
    const button = form.querySelector("button[type=submit]");
    if (button) button.setAttribute("aria-disabled", "true");
    try {
      const publicKey = await loadOptions(form);
      const credential =
        form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      post(form, credential);
    } catch (fault) {
      // A person who closes the browser's window has not failed at anything; only the way on is said.
      say(form, fault.told || form.dataset.textFailed);
      if (button) button.removeAttribute("aria-disabled");
      wait(form);
    }
  };

  // The request that waits behind the autofill list. The server's options come first: without them nothing is offered.
  const wait = async (form) => {
    if (form.dataset.passkey !== "conditional" || waiting) return;
    const canWait = PublicKeyCredential.isConditionalMediationAvailable;
    if (typeof canWait !== "function" || !(await canWait.call(PublicKeyCredential))) return;
    const own = new AbortController();
    waiting = own;
    try {
      const publicKey = await loadOptions(form);
      if (own.signal.aborted) return;
      const renewal = setTimeout(() => {
        if (waiting !== own) return;
        stopWaiting();
        wait(form);
      }, OPTIONS_AGE_MAX_MS);
      const credential = await navigator.credentials
        .get({ publicKey, mediation: "conditional", signal: own.signal })
        .finally(() => clearTimeout(renewal));
      if (credential) post(form, credential);
    } catch (fault) {
      if (waiting === own) waiting = null;
    }
  };

  const begin = (form) => {
    const button = form.querySelector("button[type=submit]");
    if (!isSupported) {
      say(form, form.dataset.textUnsupported);
      if (button) button.disabled = true;
      return;
    }
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.reportValidity()) ask(form);
    });
    wait(form);
    if ("auto" in form.dataset) ask(form);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) begin(form);

  // A page kept alive in the background holds old options and a dead request: begin afresh when it comes back.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !isSupported) return;
    stopWaiting();
    for (const form of document.querySelectorAll("form[data-passkey]")) {
      const button = form.querySelector("button[type=submit]");
      if (button) button.removeAttribute("aria-disabled");
      wait(form);
    }
  });
})();
