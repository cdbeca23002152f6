/* Passkeys: forms with data-passkey ("create" or "get") ask the browser for one, and send its answer with the form.

   The options come from the address in data-options by POST with the fields of the form; binary values travel as
   base64url. Without this script, or where the browser knows no passkeys, the forms stay hidden. */
(() => {
  "use strict";

  const bytes = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(padded), (sign) => sign.charCodeAt(0));
  };
  const text = (buffer) => {
    let signs = "";
    for (const byte of new Uint8Array(buffer)) signs += String.fromCharCode(byte);
    return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = (kind, options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (kind === "create") {
      publicKey.user = { ...options.user, id: bytes(options.user.id) };
      publicKey.excludeCredentials = named(options.excludeCredentials);
    } else {
      publicKey.allowCredentials = named(options.allowCredentials);
    }
    return publicKey;
  };

  const answer = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const run = async (form) => {
    const kind = form.dataset.passkey;
    const note = form.querySelector("[data-passkey-failed]");
    const button = form.querySelector("button");
    if (note) note.hidden = true;
    button.disabled = true;
    try {
      const reply = await fetch(form.dataset.options, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      if (!reply.ok) throw new Error(String(reply.status));
      const said = await reply.json();
      const publicKey = asked(kind, said.publicKey);
      const credential = await navigator.credentials[kind]({ publicKey });
      const fields = { credential: answer(credential), csrfmiddlewaretoken: said.token };
      for (const [name, value] of Object.entries(fields)) {
        let field = form.querySelector(`[name="${name}"]`);
        if (!field) {
          field = document.createElement("input");
          field.type = "hidden";
          field.name = name;
          form.append(field);
        }
        field.value = value;
      }
      form.submit();
    } catch (error) {
      button.disabled = false;
      if (note) note.hidden = false;
    }
  };

  const able = window.isSecureContext && window.PublicKeyCredential && !/^[\d.:[\]]+$/.test(location.hostname);
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able) continue;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run(form);
    });
  }
  for (const one of document.querySelectorAll("[data-passkey-unable]")) one.hidden = Boolean(able);
})();
