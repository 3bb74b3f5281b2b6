(function () {
  "use strict";
  var entries = window.AFTERSHOCK_SEARCH || [];
  var query = document.getElementById("query"), kind = document.getElementById("kind");
  var hits = document.getElementById("hits"), found = document.getElementById("found");
  var MAX_HITS = 60, texts = entries.map(function (e) { return fold(e.join(" ")); });

  function fold(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }

  // Text nodes only: a headline is never parsed as markup.
  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function mark(parent, text, words) {
    var folded = fold(text), at = 0;
    if (folded.length !== text.length || !words.length) { parent.appendChild(document.createTextNode(text)); return; }
    while (at < text.length) {
      var next = -1, length = 0;
      words.forEach(function (word) {
        var i = folded.indexOf(word, at);
        if (i >= 0 && (next < 0 || i < next)) { next = i; length = word.length; }
      });
      if (next < 0) { parent.appendChild(document.createTextNode(text.slice(at))); return; }
      parent.appendChild(document.createTextNode(text.slice(at, next)));
      add(parent, "mark", text.slice(next, next + length));
      at = next + length;
    }
  }

  function show() {
    var words = fold(query.value).split(/\s+/).filter(Boolean), n = 0;
    hits.textContent = "";
    entries.forEach(function (entry, i) {
      if (kind.value && entry[4] !== kind.value) return;
      if (!words.every(function (word) { return texts[i].indexOf(word) >= 0; })) return;
      n += 1;
      if (n > MAX_HITS) return;
      var item = add(hits, "li", ""), title = entry[2] ? add(item, "a", "") : add(item, "span", "");
      if (entry[2]) { title.href = entry[2]; if (entry[0] === "h") title.rel = "noopener noreferrer nofollow"; }
      mark(title, entry[1], words);
      add(item, "br", "");
      add(item, "span", [entry[3], entry[4], entry[5]].filter(Boolean).join(" · ")).className = "why";
    });
    found.textContent = n === 0 ? "Nothing found. Try fewer words." : n > MAX_HITS ? "The newest " + MAX_HITS + " of " + n + "." : n + " found.";
    history.replaceState(null, "", query.value ? "#q=" + encodeURIComponent(query.value) : location.pathname);
  }

  var saved = /^#q=(.*)$/.exec(location.hash);
  if (saved) query.value = decodeURIComponent(saved[1]);
  query.addEventListener("input", show);
  kind.addEventListener("change", show);
  show();
})();
