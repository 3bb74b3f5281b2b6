(function () {
  "use strict";
  var root = document.documentElement;
  var base = document.currentScript.src.replace(/site\.js[^/]*$/, "");
  var NARROW = 600, PRINT_WIDTH = 680, PRINT_HALF = 330, PRINT_PART = 0.55, PRINT_HALF_PART = 0.85;
  var CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: "reset" };
  var VARIABLE = /^var\(--([a-z0-9-]+)\)$/;
  var plots = [], loading = null, isPrinted = false;

  function all(selector, from) { return [...(from || document).querySelectorAll(selector)]; }

  // The library runs as one task of about a second, in which no click is answered: it waits until the page stands and
  // its reader rests, but no longer than so many milliseconds.
  var REST = 150, PATIENCE = 2000, acted = -REST;
  ["wheel", "touchmove", "keydown", "pointerdown"].forEach(function (name) {
    addEventListener(name, () => { acted = performance.now(); }, { passive: true, capture: true });
  });

  function atRest() {
    var asked = performance.now();
    return new Promise(function (done) {
      function look() {
        var now = performance.now();
        if (now - acted < REST && now - asked < PATIENCE) setTimeout(look, REST);
        else if (window.requestIdleCallback) requestIdleCallback(done, { timeout: REST });
        else setTimeout(done);
      }
      if (isPrinted) done();
      else if (document.readyState === "complete") look();
      else addEventListener("load", look);
    });
  }

  function loadPlotly() {
    if (window.Plotly) return Promise.resolve();
    loading = loading || atRest().then(function () {
      return new Promise(function (done, fail) {
        var script = document.createElement("script");
        script.src = base + "plotly.min.js";
        script.onload = done;
        script.onerror = fail;
        document.head.appendChild(script);
      });
    });
    return loading;
  }

  function patch(spec, path, value) {
    var keys = path.split("."), last = keys.pop(), target = spec;
    keys.forEach(function (key) { target = target[key] = target[key] === undefined ? {} : target[key]; });
    if (value === null) delete target[last]; else target[last] = value;
  }

  function resolve(node, style) {
    Object.keys(node).forEach(function (key) {
      var value = node[key];
      if (typeof value === "string") {
        var match = VARIABLE.exec(value);
        if (match) node[key] = style.getPropertyValue("--" + match[1]).trim();
      } else if (value && typeof value === "object" && !value.bdata) resolve(value, style);
    });
  }

  // Plotly changes what it is given, so every drawing starts from the text again.
  function build(plot, width) {
    var spec = JSON.parse(plot.text), isNarrow = width < NARROW;
    if (isNarrow) Object.keys(spec.narrow || {}).forEach(function (path) { patch(spec, path, spec.narrow[path]); });
    if (plot.el.dataset.frame !== undefined) {
      var frame = spec.frames[plot.el.dataset.frame];
      Object.keys(frame.patch).forEach(function (path) { patch(spec, path, frame.patch[path]); });
    }
    resolve(spec, getComputedStyle(root));
    spec.layout.width = width;
    if (isPrinted) spec.layout.height *= isHalf(plot) ? PRINT_HALF_PART : PRINT_PART;
    spec.layout.dragmode = isNarrow ? false : (spec.layout.dragmode || "zoom");
    if (plot.range) { spec.layout.xaxis.range = plot.range.slice(); spec.layout.xaxis.autorange = false; }
    return spec;
  }

  // One figure a task, and none in that of the library: a click between two of them is answered.
  var turn = Promise.resolve();
  function inTurn(work) {
    if (isPrinted) return work();
    var own = turn.then(() => new Promise(done => setTimeout(done))).then(work);
    turn = own.catch(() => 0);
    return own;
  }

  function draw(plot) {
    return loadPlotly().then(() => inTurn(() => drawNow(plot))).catch(function () {
      plot.el.classList.add("failed");
      plot.el.textContent = "The figure could not be drawn. Its numbers are in the table below.";
    });
  }

  function drawNow(plot) {
    var width = isPrinted ? (isHalf(plot) ? PRINT_HALF : PRINT_WIDTH) : plot.el.clientWidth;
    if (!width) return null;
    var spec = build(plot, width);
    plot.width = width;
    all(".still", plot.el).forEach(still => still.remove());
    return window.Plotly.react(plot.el, spec.data, spec.layout, CONFIG).then(function () {
      if (plot.range) keepNames(plot);
      if (plot.isDrawn) return;
      plot.isDrawn = true;
      plot.el.dataset.drawn = 1;
      plot.el.on("plotly_relayout", function (change) { zoomed(plot, change); });
      link(plot);
    });
  }

  // On paper figures that stand beside one another share a row.
  function isHalf(plot) {
    var fig = plot.el.closest(".fig"), beside = [fig.previousElementSibling, fig.nextElementSibling];
    return !!fig.closest(".pair") || beside.some(function (other) { return other && other.matches(".fig:has(.plot)"); });
  }

  function zoomed(plot, change) {
    var reset = plot.el.closest(".fig").querySelector("[data-reset]");
    var anchor = plot.el.closest(".fig").querySelector("[data-link]");
    var from = change["xaxis.range[0]"], to = change["xaxis.range[1]"];
    if (change["xaxis.range"]) { from = change["xaxis.range"][0]; to = change["xaxis.range"][1]; }
    if (from !== undefined && to !== undefined) plot.range = [from, to];
    else if (change["xaxis.autorange"] || change["xaxis.showspikes"] !== undefined) plot.range = null;
    else return;
    keepNames(plot);
    if (reset) reset.hidden = !plot.range;
    if (anchor) anchor.href = "#" + plot.id + (plot.range ? "=" + encodeURIComponent(plot.range.join(",")) : "");
  }

  // The name of a line stands at the end of what is shown: zoomed, it follows the line's last point in view.
  function keepNames(plot) {
    var el = plot.el, axis = el._fullLayout.xaxis, change = {}, taken = [];
    var names = (build(plot, plot.width).layout.annotations || []).map(function (item, index) {
      return { item: item, index: index, trace: (/^end(\d+)$/.exec(item.name || "") || [])[1] };
    }).filter(function (name) { return name.trace !== undefined; });
    // The subject, in bold, keeps its place; of two names on one spot the other gives way.
    names.sort(function (a, b) { return b.item.text.indexOf("<b>") - a.item.text.indexOf("<b>"); });
    names.forEach(function (name) {
      var at = "annotations[" + name.index + "].", shown = plot.range && el.calcdata[name.trace].filter(function (point) {
        return isFinite(point.y) && point.x >= axis.r2l(plot.range[0]) && point.x <= axis.r2l(plot.range[1]);
      });
      var last = shown && shown[shown.length - 1], y = last ? last.y : name.item.y, height = el._fullLayout.yaxis.l2p(y);
      change[at + "x"] = last ? axis.c2d(last.x) : name.item.x;
      change[at + "y"] = y;
      change[at + "visible"] = !plot.range || !!last && taken.every(function (other) { return Math.abs(other - height) > 30; });
      if (last) taken.push(height);
    });
    if (names.length) window.Plotly.relayout(el, change);
  }

  // Figures of one group share the moment under the pointer.
  function link(plot) {
    var group = plot.el.dataset.group;
    if (!group) return;
    function others() { return plots.filter(p => p !== plot && p.isDrawn && p.el.dataset.group === group); }
    plot.el.on("plotly_hover", function (event) {
      if (!event.event || !event.xvals) return;
      others().forEach(p => window.Plotly.Fx.hover(p.el, { xval: event.xvals[0] }, ["xy"]));
    });
    plot.el.on("plotly_unhover", function (event) {
      if (event.event) others().forEach(p => window.Plotly.Fx.unhover(p.el));
    });
  }

  function redrawAll(isForced) {
    return Promise.all(plots.filter(p => isForced || p.isDrawn).map(draw));
  }

  function startPlots() {
    var hash = decodeURIComponent(location.hash.slice(1)).split("=");
    all(".plot[data-fig]").forEach(function (el) {
      var plot = { el: el, id: el.closest(".fig").id, text: document.getElementById(el.dataset.fig).textContent, width: 0 };
      if (hash[0] === plot.id && hash[1]) {
        plot.range = hash[1].split(",");
        el.closest(".fig").querySelector("[data-reset]").hidden = false;
        el.closest(".fig").scrollIntoView();
      }
      plots.push(plot);
    });
    if (!plots.length) return;
    var near = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        near.unobserve(entry.target);
        draw(plots.find(p => p.el === entry.target));
      });
    }, { rootMargin: "300px" });
    var pending = 0;
    var sized = new ResizeObserver(function () {
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(function () {
        plots.forEach(p => { if (p.isDrawn && !isPrinted && Math.abs(p.el.clientWidth - p.width) > 1) draw(p); });
      });
    });
    plots.forEach(function (p) {
      near.observe(p.el);
      sized.observe(p.el);
      p.el.addEventListener("frame", function () { if (p.isDrawn) draw(p); });
    });
    if (root.dataset.eager !== undefined) redrawAll(true);
    loadPlotly().catch(function () {});
    all("[data-reset]").forEach(function (button) {
      button.addEventListener("click", function () {
        var plot = plots.find(p => p.el === button.closest(".fig").querySelector(".plot"));
        plot.range = null;
        button.hidden = true;
        button.closest(".fig").querySelector("[data-link]").href = "#" + plot.id;
        draw(plot);
      });
    });
    window.addEventListener("beforeprint", function () {
      root.dataset.printed = root.dataset.theme || "";
      root.dataset.theme = "light";
      isPrinted = true;
      plots.forEach(p => p.el.closest(".fig").classList.toggle("half", isHalf(p)));
      redrawAll(true);
    });
    window.addEventListener("afterprint", function () {
      if (root.dataset.printed) root.dataset.theme = root.dataset.printed; else delete root.dataset.theme;
      delete root.dataset.printed;
      isPrinted = false;
      redrawAll(false);
    });
  }

  function startTheme() {
    var select = document.getElementById("theme");
    select.value = root.dataset.theme || "system";
    select.addEventListener("change", function () {
      if (select.value === "system") delete root.dataset.theme; else root.dataset.theme = select.value;
      try { localStorage.setItem("aftershock-theme", select.value); } catch (e) { /* private window */ }
      redrawAll(false);
    });
    matchMedia("(prefers-color-scheme:dark)").addEventListener("change", () => redrawAll(false));
  }

  // Pages are built once and read later: how old their data are is for the reader's clock to say.
  function startAge() {
    var end = document.querySelector("[data-as-of] time");
    var days = end ? Math.floor((Date.now() - new Date(end.dateTime)) / 864e5) : 0;
    if (days < 1) return;
    var old = days === 1 ? "1 day" : days.toLocaleString("en") + " days";
    var late = document.querySelector("[data-live]") ? ": older than its schedule" : "";
    document.getElementById("age").textContent = ", " + old + " ago by this computer’s clock" + late;
  }

  function startMenu() {
    var button = document.querySelector(".menu"), nav = document.querySelector(".nav");
    button.addEventListener("click", function () {
      button.setAttribute("aria-expanded", String(nav.classList.toggle("open")));
    });
  }

  function startTips() {
    var open = null;
    function hide() { if (open && open.matches(":popover-open")) open.hidePopover(); open = null; }
    function show(button) {
      var text = document.getElementById(button.getAttribute("aria-describedby"));
      if (!text || !text.showPopover) return;
      hide();
      text.showPopover();
      var at = button.getBoundingClientRect(), box = text.getBoundingClientRect();
      text.style.left = Math.max(8, Math.min(at.left, innerWidth - box.width - 8)) + "px";
      text.style.top = (at.bottom + box.height + 8 > innerHeight ? at.top - box.height - 6 : at.bottom + 6) + "px";
      open = text;
    }
    all(".tip").forEach(function (button) {
      button.addEventListener("mouseenter", function () { show(button); });
      button.addEventListener("focus", function () { show(button); });
      button.addEventListener("click", function () { show(button); });
      button.addEventListener("mouseleave", hide);
      button.addEventListener("blur", hide);
    });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
    addEventListener("scroll", hide, { passive: true });
  }

  // The chosen verdict stands in the address, so that it keeps its place on reload.
  function startFilters() {
    all("[data-filter]").forEach(function (group) {
      var asked = new URLSearchParams(location.search).get("verdict"), inputs = all("input", group);
      function show(verdict) {
        all("[data-verdict]").forEach(function (card) {
          card.hidden = verdict !== "all" && card.dataset.verdict !== verdict;
        });
      }
      group.hidden = false;
      inputs.forEach(function (input) { if (input.value === asked) { input.checked = true; show(asked); } });
      group.addEventListener("change", function (event) {
        show(event.target.value);
        history.replaceState(null, "", event.target.value === "all" ? location.pathname : "?verdict=" + event.target.value);
      });
    });
  }

  startTheme();
  startMenu();
  startAge();
  startTips();
  startFilters();
  startPlots();
})();
