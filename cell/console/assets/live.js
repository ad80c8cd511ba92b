// Small conveniences. Every page works without this file; what only works with it stays hidden until it runs.
(() => {
  "use strict";

  const all = (selector, work) => document.querySelectorAll(selector).forEach(work);

  // Copy buttons: data-copy names the element whose text is copied, data-copied the word for "done".
  const SHOW_COPIED_MS = 1800;
  if (navigator.clipboard) {
    all("[data-copy]", (button) => {
      const source = document.getElementById(button.dataset.copy);
      const label = button.querySelector("[data-label]");
      if (!source || !label) return;
      const resting = label.textContent;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(source.textContent);
        label.textContent = button.dataset.copied;
        setTimeout(() => { label.textContent = resting; }, SHOW_COPIED_MS);
      });
    });
  }

  // Buttons that show a password: data-reveal names the field.
  all("[data-reveal]", (button) => {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const isShown = field.type === "text";
      field.type = isShown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!isShown));
    });
    if (field.form) field.form.addEventListener("submit", () => { field.type = "password"; });
  });

  // Menus and confirmations close on Escape, on a press elsewhere, and on their own close button.
  const folds = () => document.querySelectorAll("details[data-light-dismiss][open]");
  document.addEventListener("click", (event) => {
    folds().forEach((fold) => { if (!fold.contains(event.target)) fold.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    folds().forEach((fold) => {
      fold.open = false;
      fold.querySelector("summary").focus();
    });
  });
  all("[data-close]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const fold = button.closest("details");
      fold.open = false;
      fold.querySelector("summary").focus();
    });
  });

  all("[data-toast-close]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => button.closest("[data-toast]").remove());
  });

  // Dialogs: data-dialog names the dialog that a button opens.
  all("[data-dialog]", (button) => {
    const dialog = document.getElementById(button.dataset.dialog);
    if (!dialog || typeof dialog.showModal !== "function") return;
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  });

  all("[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // The open tab is in sight, however narrow the window.
  all(".tabs [aria-current], .side.is-account [aria-current]", (tab) => {
    const bar = tab.closest(".tabs, .side");
    const offset = tab.getBoundingClientRect().left - bar.getBoundingClientRect().left;
    bar.scrollLeft += offset - (bar.clientWidth - tab.clientWidth) / 2;
  });

  // Times become local and keep their exact form as a tooltip.
  const language = document.documentElement.lang || undefined;
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const localise = (time) => {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    time.title = time.dateTime;
    time.textContent = format.format(moment);
  };
  all("time[data-local]", localise);

  // A form is sent once: a second press while the first is under way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]", (form) => { delete form.dataset.sent; }));

  // Filtering what is already on the page: data-narrow names the container whose [data-name] children stay or go.
  all("[data-narrow]", (field) => {
    const items = document.querySelectorAll("#" + CSS.escape(field.dataset.narrow) + " [data-name]");
    field.closest("[data-narrow-box]").hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLocaleLowerCase(language);
      items.forEach((item) => { item.hidden = !item.dataset.name.toLocaleLowerCase(language).includes(wanted); });
    });
  });

  // The live log. data-tail is the address of the event stream, data-after the number of the last row that is known;
  // each message is a JSON object under the number of its row, and its members fill the elements of the <template> by
  // their data-part; "tone" becomes a class of the badge. Text only, never mark-up. After a pause and after a lost
  // connection the stream goes on from the last row; the event "end" says that it will not.
  const ROWS_MAX = 200;
  const startTail = (box) => {
    const rows = box.querySelector("tbody");
    const mould = box.querySelector("template");
    const state = document.querySelector("[data-tail-state]");
    const toggle = document.querySelector("[data-tail-toggle]");
    let stream = null;
    let last = box.dataset.after;

    const show = (name) => {
      state.textContent = state.dataset["text" + name];
      state.className = "badge " + (name === "Live" ? "is-ok pulse" : "is-warn");
      toggle.textContent = stream ? toggle.dataset.textPause : toggle.dataset.textResume;
    };

    const add = (entry) => {
      const row = mould.content.firstElementChild.cloneNode(true);
      row.querySelectorAll("[data-part]").forEach((part) => {
        const text = entry[part.dataset.part];
        part.textContent = text === undefined || text === null ? "" : String(text);
        if (part.dataset.part === "time") {
          part.dateTime = part.textContent;
          localise(part);
        }
        if (part.dataset.part === "outcome" && /^is-[a-z]+$/.test(entry.tone || "")) part.classList.add(entry.tone);
        if (part.dataset.part === "message" && part.tagName === "A" && typeof entry.id === "string") {
          part.href = box.dataset.entry + encodeURIComponent(entry.id);
        }
      });
      row.classList.add("is-new");
      rows.prepend(row);
      while (rows.children.length > ROWS_MAX) rows.lastElementChild.remove();
      box.querySelector("[data-tail-empty]").hidden = true;
    };

    const close = (name) => {
      stream.close();
      stream = null;
      show(name);
    };
    const open = () => {
      const address = new URL(box.dataset.tail, location.href);
      address.searchParams.set("after", last);
      stream = new EventSource(address);
      stream.addEventListener("open", () => show("Live"));
      // The browser tries again by itself, unless it was sent elsewhere: to sign in.
      stream.addEventListener("error", () => (stream.readyState === EventSource.CLOSED ? close("Ended") : show("Broken")));
      stream.addEventListener("end", (event) => close(event.data === "full" ? "Full" : "Ended"));
      stream.addEventListener("message", (event) => {
        last = event.lastEventId;
        add(JSON.parse(event.data));
      });
    };
    toggle.hidden = false;
    toggle.addEventListener("click", () => (stream ? close("Paused") : open()));
    open();
  };
  all("[data-tail]", startTail);
})();
