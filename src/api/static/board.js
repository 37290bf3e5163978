/* Keeps the board's two lists fresh and shows times at the reader's clock. The page is complete
 * without it. */
"use strict";
(function () {
  /* Where a proxy puts a path before ours, it stands before our own address as well. */
  var root = document.currentScript.src.split("static/board.js")[0];
  var board = document.getElementById("board");
  var live = document.getElementById("live");
  var language = document.documentElement.lang || "en";
  /* The reader's own way to write our language, "en-GB" rather than "en", where they have one. */
  var spoken = (navigator.languages || []).filter(function (one) {
    return one.split("-")[0] === language.split("-")[0];
  })[0] || language;
  var clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" };
  var day = { year: "numeric", month: "short", day: "numeric" };
  var today = new Intl.DateTimeFormat(spoken, clock);
  var date = new Intl.DateTimeFormat(spoken, day);
  var other = new Intl.DateTimeFormat(spoken, Object.assign({}, day, clock));
  var title = document.title;
  var waiting = false;
  var again = false;

  function localTimes() {
    board.querySelectorAll("time[datetime]").forEach(function (time) {
      var at = new Date(time.getAttribute("datetime"));
      if (!isNaN(at)) {
        time.title = time.textContent;
        time.textContent = (date.format(at) === date.format(new Date()) ? today : other).format(at);
      }
    });
  }

  function shown() {
    var count = document.getElementById("count");
    document.title = count ? "(" + count.textContent + ") " + title : title;
    localTimes();
  }

  /* What the keyboard stands on must not be swept away under it. */
  function replace(text) {
    var parts = new DOMParser().parseFromString(text, "text/html");
    var form = document.activeElement && document.activeElement.closest("#board form");
    var action = form && form.getAttribute("action");
    board.replaceChildren.apply(board, parts.body.childNodes);
    board.querySelectorAll("form").forEach(function (one) {
      if (action && one.getAttribute("action") === action) {
        one.querySelector("button").focus({ preventScroll: true });
      }
    });
    shown();
  }

  function refresh() {
    if (waiting) {
      again = true;
      return;
    }
    waiting = true;
    fetch(root + "board/parts", { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(answer.status); })
      .then(replace)
      .catch(function (status) { if (status === 401) { location.reload(); } })
      .then(function () {
        setTimeout(function () {
          waiting = false;
          if (again) { again = false; refresh(); }
        }, 500);
      });
  }

  function connected(is) {
    live.className = is ? "on" : "";
    live.textContent = live.getAttribute(is ? "data-on" : "data-off");
  }

  function listen() {
    var stream = new EventSource(root + "board/live");
    stream.onopen = function () { connected(true); refresh(); };
    stream.onmessage = refresh;
    stream.onerror = function () {
      connected(false);
      // Refused, for instance with 503: then the browser does not try again by itself.
      if (stream.readyState === EventSource.CLOSED) {
        setTimeout(function () { refresh(); listen(); }, 3000);
      }
    };
  }

  shown();
  listen();
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { refresh(); } });
})();
