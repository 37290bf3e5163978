/* Keeps the board's two lists fresh and shows times at the reader's clock. The page is complete
 * without it. */
"use strict";
(function () {
  var board = document.getElementById("board");
  var light = document.getElementById("live");
  var language = document.documentElement.lang || "en";
  var format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  var waiting = false;
  var again = false;

  function localTimes(root) {
    root.querySelectorAll("time[datetime]").forEach(function (time) {
      var at = new Date(time.getAttribute("datetime"));
      if (!isNaN(at)) {
        time.title = time.textContent;
        time.textContent = format.format(at);
      }
    });
  }

  function refresh() {
    if (waiting) {
      again = true;
      return;
    }
    waiting = true;
    fetch("/board/parts", { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(answer.status); })
      .then(function (text) {
        var parts = new DOMParser().parseFromString(text, "text/html");
        board.replaceChildren.apply(board, parts.body.childNodes);
        localTimes(board);
      })
      .catch(function (status) { if (status === 401) { location.reload(); } })
      .then(function () {
        setTimeout(function () {
          waiting = false;
          if (again) { again = false; refresh(); }
        }, 500);
      });
  }

  localTimes(document);
  if (!board) { return; }
  var stream = new EventSource("/board/live");
  stream.onopen = function () { light.className = "on"; refresh(); };
  stream.onerror = function () { light.className = ""; };
  stream.onmessage = refresh;
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { refresh(); } });
})();
