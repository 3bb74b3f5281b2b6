// Two stored paths over a window of the reader's own; the address carries every choice.
(function () {
  "use strict";
  var events = window.AFTERSHOCK_COMPARE || [], form = document.getElementById("compare");
  var out = document.getElementById("compared"), byId = {};
  var NAMES = ["a", "at", "b", "bt", "from", "to", "as"], WIDTH = 520, HEIGHT = 180, SVG = "http://www.w3.org/2000/svg";
  if (!form || !events.length) return;
  events.forEach(function (event) { byId[event.id] = event; });

  // Text nodes only: a title is never parsed as markup.
  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function options(select, values, labels, chosen) {
    select.textContent = "";
    values.forEach(function (value, i) { add(select, "option", labels[i]).value = value; });
    select.value = values.indexOf(chosen) >= 0 ? chosen : values[0];
  }

  function percent(value) {
    var text = (Math.abs(value) * 100).toFixed(1);
    return text === "0.0" ? "0" : (value < 0 ? "\u2212" : "+") + text + "%";
  }

  function load(event) {
    var paths = window.AFTERSHOCK_PATHS || {};
    if (paths[event.id]) return Promise.resolve(paths[event.id]);
    return new Promise(function (done) {
      var script = document.createElement("script");
      script.src = event.data;
      script.onload = function () { done((window.AFTERSHOCK_PATHS || {})[event.id] || null); };
      script.onerror = function () { done(null); };
      document.head.appendChild(script);
    });
  }

  // The last known point at or before an hour: a close counts once its bar has ended.
  function at(path, hour) {
    for (var i = path.hours.length - 1; i >= 0; i -= 1) if (path.hours[i] <= hour) return i;
    return -1;
  }

  // The return from one point of the path to another: both are cumulative since the last close before the news.
  function between(values, from, to) {
    if (from < 0 || to < 0 || values[from] === null || values[to] === null) return null;
    return (1 + values[to]) / (1 + values[from]) - 1;
  }

  function measure(path, from, to, isBeyond) {
    var first = at(path, from), last = at(path, to), raw = between(path.raw, first, last);
    if (last <= first || raw === null) return null;
    if (!isBeyond) return raw;
    var expected = between(path.expected, first, last);
    return expected === null ? null : (1 + raw) / (1 + expected) - 1;
  }

  function draw(parent, path, from, to, isBeyond) {
    var first = at(path, from), points = [];
    path.hours.forEach(function (hour) {
      var value = hour === path.hours[first] ? 0 : hour > from && hour <= to ? measure(path, from, hour, isBeyond) : null;
      if (value !== null && value !== undefined) points.push([hour, value]);
    });
    if (points.length < 2) return;
    var values = points.map(function (p) { return p[1]; });
    var low = Math.min.apply(null, values.concat(0)), high = Math.max.apply(null, values.concat(0)), span = high - low || 1;
    var svg = document.createElementNS(SVG, "svg"), zero = document.createElementNS(SVG, "line"), line = document.createElementNS(SVG, "polyline");
    function y(value) { return 6 + (high - value) / span * (HEIGHT - 12); }
    function x(hour) { return (hour - points[0][0]) / (points[points.length - 1][0] - points[0][0]) * WIDTH; }
    svg.setAttribute("viewBox", "0 0 " + WIDTH + " " + HEIGHT);
    svg.setAttribute("class", "compare-line");
    svg.setAttribute("aria-hidden", "true");
    zero.setAttribute("x1", 0); zero.setAttribute("x2", WIDTH); zero.setAttribute("y1", y(0)); zero.setAttribute("y2", y(0));
    line.setAttribute("points", points.map(function (p) { return x(p[0]).toFixed(1) + "," + y(p[1]).toFixed(1); }).join(" "));
    svg.appendChild(zero); svg.appendChild(line);
    parent.appendChild(svg);
  }

  function place(choices, value) {
    var below = choices.filter(function (choice) { return choice < value; }).length;
    return below + " of the " + choices.length + " estimates of the study’s own 24-hour specification curve lie below it.";
  }

  function panel(event, token, paths, from, to, isBeyond) {
    var box = add(out, "section", ""), head = add(box, "h2", "");
    head.className = "plain";
    var link = add(head, "a", event.title);
    link.href = event.path;
    var path = paths && paths[token];
    var value = path ? measure(path, from, to, isBeyond) : null;
    add(box, "p", token + ", " + event.date + ", " + from + " to " + to + " hours after the news").className = "why";
    var big = add(box, "p", value === null ? "Not in the stored path" : percent(value));
    big.className = "big";
    add(box, "p", (isBeyond ? "beyond Bitcoin" : "without a benchmark") + " \u2013 your choice, not the study’s");
    if (value === null) return;
    draw(box, path, from, to, isBeyond);
    if (isBeyond && path.choices.length) add(box, "p", place(path.choices, value));
  }

  function number(name) { return Number(form.elements[name].value); }

  function show() {
    var chosen = {};
    NAMES.forEach(function (name) { chosen[name] = form.elements[name].value; });
    history.replaceState(null, "", "?" + new URLSearchParams(chosen).toString());
    var a = byId[chosen.a], b = byId[chosen.b];
    return Promise.all([load(a), load(b)]).then(function (paths) {
      out.textContent = "";
      panel(a, chosen.at, paths[0], number("from"), number("to"), chosen.as === "beyond");
      panel(b, chosen.bt, paths[1], number("from"), number("to"), chosen.as === "beyond");
      document.getElementById("compare-note").hidden = false;
      out.dataset.ready = "1";
    });
  }

  function tokens(side, wanted) {
    var known = byId[form.elements[side].value].tokens;
    options(form.elements[side + "t"], known, known, wanted);
  }

  var asked = new URLSearchParams(location.search);
  var ids = events.map(function (event) { return event.id; });
  var labels = events.map(function (event) { return event.date + " " + event.title; });
  options(form.elements.a, ids, labels, asked.get("a"));
  options(form.elements.b, ids, labels, asked.get("b") || asked.get("a"));
  tokens("a", asked.get("at"));
  tokens("b", asked.get("bt") || (asked.get("b") ? null : form.elements.bt && byId[form.elements.b.value].tokens[1]));
  form.elements.from.value = asked.get("from") || "0";
  form.elements.to.value = asked.get("to") || "24";
  form.elements.as.value = asked.get("as") === "raw" ? "raw" : "beyond";
  form.hidden = false;
  form.addEventListener("change", function (event) {
    if (event.target.name === "a" || event.target.name === "b") tokens(event.target.name, form.elements[event.target.name + "t"].value);
    show();
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
