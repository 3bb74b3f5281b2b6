(function () {
  "use strict";
  var node = document.getElementById("origins");
  if (!node || !window.HTMLDialogElement) return;
  var origins = JSON.parse(node.textContent || "{}");
  var home = document.currentScript.src.replace(/assets\/origins\.js[^/]*$/, "");
  var dialog, parts, last;

  function pairs(key) {
    return key.split("&").filter(Boolean).map(function (part) {
      var at = part.indexOf("=");
      return [part.slice(0, at), decodeURIComponent(part.slice(at + 1)).replace(/'/g, "''")];
    });
  }

  // The same statement as sql_of in dashboards/numbers.py writes.
  function statement(source, key, column) {
    var about = origins[source] || {};
    if (about.sql && about.sql.indexOf("$") < 0) return "select " + column + " from (" + about.sql + ") where " + pairs(key).map(function (part) { return part[0] + " = '" + part[1] + "'"; }).join(" and ");
    if (about.sql) return pairs(key).reduce(function (sql, part) { return sql.split("$" + part[0]).join("'" + part[1] + "'"); }, about.sql);
    var names = [column].concat(column.indexOf("(") < 0 ? (about.beside || []).filter(function (name) { return name !== column; }) : []);
    var where = pairs(key).map(function (part) { return part[0] + " = '" + part[1] + "'"; }).join(" and ");
    return "select " + names.join(", ") + " from " + source + (where ? " where " + where : "");
  }

  function found(el) {
    var data = el.closest("data[data-from]");
    if (data) return { el: data, from: data.dataset.from.split("|"), as: data.dataset.as };
    var cell = el.closest("td"), table = cell && cell.closest("table[data-from]");
    if (!table) return null;
    var head = table.tHead.rows[0].cells[cell.cellIndex], from = table.dataset.from.split("|");
    if (!head || !head.dataset.col) return null;
    var key = [from[1], cell.parentNode.dataset.key].filter(Boolean).join("&");
    return { el: cell, from: [from[0], key, head.dataset.col], as: head.dataset.as };
  }

  function make(name, text, parent) {
    var el = document.createElement(name);
    if (text) el.textContent = text;
    parent.appendChild(el);
    return el;
  }

  function build() {
    dialog = make("dialog", "", document.body);
    dialog.className = "origin";
    dialog.setAttribute("aria-labelledby", "origin-t");
    parts = { title: make("h2", "", dialog), about: make("p", "", dialog) };
    parts.title.id = "origin-t";
    parts.title.className = "plain";
    parts.sql = make("code", "", make("pre", "", dialog));
    parts.note = make("p", "", dialog);
    parts.note.className = "fig-note";
    var row = make("p", "", dialog), link = make("a", "Conventions", row);
    link.href = home + "methods.html#conventions";
    parts.copy = make("button", "Copy the statement", row);
    var close = make("button", "Close", row);
    [parts.copy, close].forEach(function (button) { button.type = "button"; });
    close.addEventListener("click", function () { dialog.close(); });
    parts.copy.addEventListener("click", function () {
      var range = document.createRange(), selection = getSelection();
      range.selectNodeContents(parts.sql);
      selection.removeAllRanges();
      selection.addRange(range);
      function done() { parts.copy.textContent = "Copied"; }
      if (navigator.clipboard) navigator.clipboard.writeText(parts.sql.textContent).then(done, function () { document.execCommand("copy"); done(); });
      else { document.execCommand("copy"); done(); }
    });
    dialog.addEventListener("click", function (event) { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", function () { if (last && last.focus) last.focus(); });
  }

  function show(origin) {
    if (!dialog) build();
    var about = origins[origin.from[0]] || {}, unit = (about.units || {})[origin.from[2]];
    var asOf = document.querySelector("[data-as-of]");
    parts.title.textContent = "Where “" + origin.el.textContent.trim() + "” comes from";
    parts.about.textContent = (about.sql ? "A named query of the published file" : origin.from[0] + ", column " + origin.from[2] + ": " + (about.about || "")) + (unit ? " Unit: " + unit + "." : "");
    parts.sql.textContent = statement(origin.from[0], origin.from[1], origin.from[2]);
    parts.note.textContent = "Run it with aftershock query. Written by “" + origin.as + "”." + (asOf ? " Data to " + asOf.textContent + "." : "");
    parts.copy.textContent = "Copy the statement";
    last = origin.el;
    dialog.showModal();
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("a,button,summary,label,select,input,dialog")) return;
    var origin = String(getSelection()) ? null : found(event.target);
    if (origin) show(origin);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("data[data-from],td")) return;
    var origin = found(event.target);
    if (origin) { event.preventDefault(); show(origin); }
  });

  // Hundreds of stops would bar the way of a keyboard: numbers become stops when a reader asks for it.
  var button = document.getElementById("show-origins");
  button.hidden = false;
  button.addEventListener("click", function () {
    var isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    document.documentElement.classList.toggle("with-origins", isOn);
    document.querySelectorAll("main data[data-from], main table[data-from] td").forEach(function (el) {
      if (isOn && !el.closest("a,button,summary,label")) el.tabIndex = 0; else el.removeAttribute("tabindex");
    });
  });
})();
