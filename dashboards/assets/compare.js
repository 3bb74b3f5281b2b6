// Two stored paths over a window of the reader's own; the address carries every choice.
(function () {
  "use strict";
  var events = window.AFTERSHOCK_COMPARE || [], form = document.getElementById("compare");
  var out = document.getElementById("compared"), byId = {}, shown = 0;
  var NAMES = ["a", "at", "b", "bt", "from", "to", "as"], WIDTH = 520, HEIGHT = 200, AXIS = 56, SVG = "http://www.w3.org/2000/svg";
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

  // Hour and return of every close inside the window, from zero at its start.
  function trace(path, from, to, isBeyond) {
    var first = at(path, from), points = [];
    path.hours.forEach(function (hour) {
      var value = hour === path.hours[first] ? 0 : hour > from && hour <= to ? measure(path, from, hour, isBeyond) : null;
      if (value !== null && value !== undefined) points.push([hour, value]);
    });
    return points;
  }

  function put(svg, name, attributes, text) {
    var node = document.createElementNS(SVG, name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (text) node.textContent = text;
    svg.appendChild(node);
  }

  // Both panels share one scale, or a small move would look as tall as a large one.
  function draw(parent, points, scale) {
    if (points.length < 2) return;
    var span = scale.high - scale.low || 1, first = points[0][0], last = points[points.length - 1][0];
    var svg = document.createElementNS(SVG, "svg");
    function y(value) { return 10 + (scale.high - value) / span * (HEIGHT - 34); }
    function x(hour) { return AXIS + (hour - first) / (last - first) * (WIDTH - AXIS); }
    svg.setAttribute("viewBox", "0 0 " + WIDTH + " " + HEIGHT);
    svg.setAttribute("class", "compare-line");
    svg.setAttribute("aria-hidden", "true");
    put(svg, "line", {x1: AXIS, x2: WIDTH, y1: y(0), y2: y(0)});
    [scale.high, 0, scale.low].forEach(function (value, i, all) {
      var isCrowded = i !== 1 && Math.abs(y(value) - y(0)) < 14;
      if (!isCrowded && all.indexOf(value) === i) put(svg, "text", {x: AXIS - 6, y: y(value) + 4, "text-anchor": "end"}, percent(value));
    });
    put(svg, "text", {x: AXIS, y: HEIGHT - 4}, String(Math.round(first)).replace("-", "\u2212") + " h");
    put(svg, "text", {x: WIDTH, y: HEIGHT - 4, "text-anchor": "end"}, Math.round(last) + " h after the news");
    put(svg, "polyline", {points: points.map(function (p) { return x(p[0]).toFixed(1) + "," + y(p[1]).toFixed(1); }).join(" ")});
    parent.appendChild(svg);
  }

  function place(choices, value) {
    var below = choices.filter(function (choice) { return choice < value; }).length;
    return below + " of the " + choices.length + " estimates of the study’s own 24-hour specification curve lie below it.";
  }

  function panel(event, token, path, from, to, isBeyond, scale) {
    var box = add(out, "section", ""), head = add(box, "h2", "");
    head.className = "plain";
    var link = add(head, "a", event.title);
    link.href = event.path;
    var value = path ? measure(path, from, to, isBeyond) : null;
    add(box, "p", token + ", " + event.date + ", " + from + " to " + to + " hours after the news").className = "why";
    var big = add(box, "p", value === null ? "Not in the stored path" : percent(value));
    big.className = "big";
    add(box, "p", (isBeyond ? "beyond Bitcoin" : "without a benchmark") + " \u2013 your choice, not the study’s");
    if (value === null) return;
    draw(box, trace(path, from, to, isBeyond), scale);
    if (isBeyond && path.choices.length) add(box, "p", place(path.choices, value));
  }

  function number(name) { return Number(form.elements[name].value); }

  // Of two choices in quick succession the later is drawn, whichever path arrives last.
  function show() {
    var chosen = {}, own = shown += 1;
    delete out.dataset.ready;
    NAMES.forEach(function (name) { chosen[name] = form.elements[name].value; });
    history.replaceState(null, "", "?" + new URLSearchParams(chosen).toString());
    var a = byId[chosen.a], b = byId[chosen.b];
    return Promise.all([load(a), load(b)]).then(function (paths) {
      if (own !== shown) return;
      var from = number("from"), to = number("to"), isBeyond = chosen.as === "beyond";
      var chosenPaths = [[paths[0], chosen.at], [paths[1], chosen.bt]].map(function (pair) { return pair[0] && pair[0][pair[1]]; });
      var reached = [0];
      chosenPaths.forEach(function (path) {
        if (path) trace(path, from, to, isBeyond).forEach(function (point) { reached.push(point[1]); });
      });
      var scale = {low: Math.min.apply(null, reached), high: Math.max.apply(null, reached)};
      out.textContent = "";
      panel(a, chosen.at, chosenPaths[0], from, to, isBeyond, scale);
      panel(b, chosen.bt, chosenPaths[1], from, to, isBeyond, scale);
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
