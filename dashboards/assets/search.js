(function () {
  "use strict";
  var entries = window.AFTERSHOCK_SEARCH || [];
  var query = document.getElementById("query"), kind = document.getElementById("kind");
  var hits = document.getElementById("hits"), found = document.getElementById("found");
  var PER_GROUP = 12, SHORTEST_TYPO = 4;
  // The order in which kinds of hit stand, and what each is called.
  var GROUPS = [["t", "Tokens"], ["k", "Kinds of event"], ["p", "Providers"], ["g", "Glossary and methods"], ["e", "Events"], ["c", "Claims"], ["h", "Headlines"]];
  var FULL_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
  var texts = entries.map(function (e) { return fold(e.join(" ")); });
  var bags = texts.map(function (text) { return text.split(/[^a-z0-9]+/).filter(Boolean); });

  function fold(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }

  // "12 June 2026", "june 12", "12.6.2026" and "June 2026" ask for dates: a pattern of ISO days, and the words that are left.
  function dates(text) {
    var patterns = [];
    function take(year, month, day) {
      patterns.push(new RegExp("^" + (year || "\\d{4}") + "-" + ("0" + month).slice(-2) + "-" + (day ? ("0" + day).slice(-2) : "")));
      return " ";
    }
    function monthOf(word) {
      return FULL_MONTHS.findIndex(function (month) { return word.length >= 3 && month.indexOf(word) === 0; }) + 1;
    }
    var rest = text.replace(/(\d{1,2})[.\/](\d{1,2})[.\/](\d{4})/g, function (_, day, month, year) { return take(year, month, day); });
    rest = rest.replace(/(\d{1,2})\.?\s+([a-z]{3,})(?:\s+(\d{4}))?/g, function (all, day, word, year) {
      return monthOf(word) ? take(year, monthOf(word), day) : all;
    });
    rest = rest.replace(/([a-z]{3,})\s+(\d{1,2})(?:,?\s+(\d{4}))?(?!\d)/g, function (all, word, day, year) {
      return monthOf(word) ? take(year, monthOf(word), day) : all;
    });
    rest = rest.replace(/([a-z]{3,})\s+(\d{4})/g, function (all, word, year) {
      return monthOf(word) ? take(year, monthOf(word), 0) : all;
    });
    return { patterns: patterns, rest: rest };
  }

  // Whether one edit (a letter changed, added, left out, or two swapped) makes one word the other, or its beginning.
  function isNear(word, other) {
    if (Math.abs(word.length - other.length) > 1) return false;
    var i = 0;
    while (i < word.length && i < other.length && word[i] === other[i]) i += 1;
    var w = word.slice(i), o = other.slice(i);
    return w.slice(1) === o.slice(1) || w.slice(1) === o || w === o.slice(1) ||
      (w.length > 1 && o.length > 1 && w[0] === o[1] && w[1] === o[0] && w.slice(2) === o.slice(2));
  }

  // 2 for the word itself, 1 for one edit beside it, 0 for neither.
  function match(i, word) {
    if (texts[i].indexOf(word) >= 0) return 2;
    if (word.length < SHORTEST_TYPO || /\d/.test(word)) return 0;
    return bags[i].some(function (other) { return other.length >= SHORTEST_TYPO - 1 && isNear(word, other); }) ? 1 : 0;
  }

  // Text nodes only: a headline is never parsed as markup.
  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function mark(parent, text, chosen) {
    var folded = fold(text), at = 0;
    if (folded.length !== text.length || !chosen.length) { parent.appendChild(document.createTextNode(text)); return; }
    while (at < text.length) {
      var next = -1, length = 0;
      chosen.forEach(function (word) {
        var i = folded.indexOf(word, at);
        if (i >= 0 && (next < 0 || i < next)) { next = i; length = word.length; }
      });
      if (next < 0) { parent.appendChild(document.createTextNode(text.slice(at))); return; }
      parent.appendChild(document.createTextNode(text.slice(at, next)));
      add(parent, "mark", text.slice(next, next + length));
      at = next + length;
    }
  }

  function line(parent, entry, chosen) {
    var item = add(parent, "li", ""), title = entry[2] ? add(item, "a", "") : add(item, "span", "");
    if (entry[2]) { title.href = entry[2]; if (entry[0] === "h") title.rel = "noopener noreferrer nofollow"; }
    mark(title, entry[1], chosen);
    add(item, "br", "");
    add(item, "span", [entry[3], entry[4], entry[5]].filter(Boolean).join(" \u00b7 ")).className = "why";
  }

  function show() {
    var asked = dates(fold(query.value)), chosen = asked.rest.split(/\s+/).filter(Boolean), exact = {}, near = {}, n = 0, nNear = 0;
    entries.forEach(function (entry, i) {
      if (kind.value && entry[4] !== kind.value) return;
      if (!asked.patterns.every(function (pattern) { return pattern.test(entry[3]); })) return;
      var found = chosen.map(function (word) { return match(i, word); });
      if (found.some(function (value) { return !value; })) return;
      var isExact = found.every(function (value) { return value === 2; });
      var into = isExact ? exact : near;
      (into[entry[0]] = into[entry[0]] || []).push(entry);
      if (isExact) n += 1; else nNear += 1;
    });
    // A slip of the pen is only forgiven where nothing is spelt as asked.
    var shown = n ? exact : near, total = n || nNear;
    hits.textContent = "";
    GROUPS.forEach(function (group) {
      var rows = shown[group[0]];
      if (!rows) return;
      var item = add(hits, "li", ""), heading = add(item, "h2", group[1] + " (" + rows.length + ")");
      heading.className = "plain";
      var list = add(item, "ol", "");
      rows.slice(0, PER_GROUP).forEach(function (entry) { line(list, entry, chosen); });
      if (rows.length > PER_GROUP) add(item, "p", "The first " + PER_GROUP + " of " + rows.length + "; more words narrow them.").className = "why";
    });
    found.textContent = !total ? "Nothing found. Try fewer words."
      : n ? n + " found." : "Nothing is spelt like that; " + nNear + " one letter beside it.";
    history.replaceState(null, "", query.value ? "#q=" + encodeURIComponent(query.value) : location.pathname);
  }

  var saved = /^#q=(.*)$/.exec(location.hash);
  if (saved) query.value = decodeURIComponent(saved[1]);
  query.addEventListener("input", show);
  kind.addEventListener("change", show);
  show();
})();
