// AdTarget's tracker for landing pages.
//
//   <script async src="https://…/track.js" data-website-id="atid_…"></script>
//
//   data-api="https://…"       where to send to; the script's own origin otherwise
//   data-consent="required"    nothing is sent or kept before adtarget.consent(true), to be said on each page;
//                              whoever is earlier than this script says window.adtarget = {consented: true}
//   <a data-adtarget-invite href="https://t.me/+…">    leads to the visitor's own invite;
//                              a channel's id as its value chooses the channel
//
// Plain ES5. Served without these comments. It must never break or slow the page it is on.
(function (window, document) {
  "use strict";
  var script = document.currentScript || document.querySelector("script[data-website-id]");
  var websiteId = script && script.getAttribute("data-website-id");
  if (!websiteId) return;

  var api = (script.getAttribute("data-api") || script.src.split("/").slice(0, 3).join("/")).replace(/\/$/, "");
  var VISITOR = "adtarget_temp_id", SESSION = "adtarget_session_id", YEAR = 31536000;
  // The ad platforms' own cookies, by the names the tracker knows; filled in when the script is served.
  var BROWSER_IDS = {};
  // A click that meets no answer for this long goes to the link's original address.
  var PATIENCE = 3000;

  var early = window.adtarget || {};
  var waits = script.getAttribute("data-consent") === "required";
  var allowed = !waits || early.consented === true;
  // What the visitor agreed to, as it is sent; how often they said something; and whether the banner was asked.
  var said, answers = 0, asked;
  var visitor = "", page = "", told = {}, ownLinks = {}, askedAt = 0;
  // Whether the tracker can be reached from here: undefined until we know.
  var reached;

  // ------------------------------------------------------------------ what the browser keeps
  // Each of these may be blocked; then the visitor lasts as long as the page.
  function cookie(name) {
    try {
      return (document.cookie.match("(?:^|; )" + name + "=([^;]*)") || [])[1] || "";
    } catch (blocked) {
      return "";
    }
  }

  function keep(name, value, seconds) {
    try {
      document.cookie = name + "=" + value + "; path=/; max-age=" + seconds + "; SameSite=Lax" +
        (location.protocol === "https:" ? "; Secure" : "");
    } catch (blocked) {}
    try {
      if (seconds) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch (blocked) {}
  }

  function stored(name) {
    try {
      return localStorage.getItem(name) || "";
    } catch (blocked) {
      return "";
    }
  }

  function known(id) {
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) && id;
  }

  function uuid() {
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, function () {
      var random = window.crypto && crypto.getRandomValues;
      return (random ? crypto.getRandomValues(new Uint8Array(1))[0] & 15 : (Math.random() * 16) | 0).toString(16);
    });
  }

  function browserIds() {
    var found = {}, name, value;
    for (name in BROWSER_IDS) if ((value = cookie(name))) found[BROWSER_IDS[name]] = value;
    return found;
  }

  // ------------------------------------------------------------------ sending
  // As text/plain, so that no browser asks for permission first.
  function post(path, body, done) {
    var url = api + "/backend/track/" + path, request;
    body.websiteId = websiteId;
    body.tempId = visitor;
    body = JSON.stringify(body);
    function beacon() {
      var taken = navigator.sendBeacon && navigator.sendBeacon(url, body);
      done(taken && !window.fetch ? {} : null);
      return taken;
    }
    if (window.fetch) {
      fetch(url, { method: "POST", body: body, keepalive: true, credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.json().then(done) : done(null);
      }).then(null, beacon);
    } else if (!beacon() && window.XMLHttpRequest) {
      request = new XMLHttpRequest();
      request.open("POST", url);
      request.onload = function () {
        done(request.status === 200 ? JSON.parse(request.responseText) : null);
      };
      request.send(body);
    }
  }

  function visit() {
    var address = location.href.split("#")[0], before = answers, body;
    if (!allowed || address === page) return;
    told = browserIds();
    body = JSON.parse(JSON.stringify(told));
    body.href = location.href;
    body.referrer = page || document.referrer;
    body.clientSessionId = cookie(SESSION);
    body.links = !page;
    body.consent = said;
    if (!/[?&]ttclid=/.test(address)) body.ttclid = cookie("ttclid");
    page = address;
    askedAt = +new Date();
    post("init", body, function (answer) {
      reached = !!answer;
      if (!answer || !allowed) return;
      if (before !== answers) tell();
      ownLinks = answer.links || ownLinks;
      if (answer.sessionId) keep(SESSION, answer.sessionId, 1800);
      follow(address, 12);
    });
  }

  // The platforms' scripts make their cookies when they please: watched for six seconds, and looked at
  // once more when the page is left.
  function follow(address, left) {
    setTimeout(function () {
      if (address !== page) return;
      late();
      if (left) follow(address, left - 1);
    }, 500);
  }

  function late() {
    var now = browserIds(), body = {}, isLate, name;
    if (!allowed || !reached) return;
    for (name in now) if (now[name] !== told[name]) body[name] = told[name] = isLate = now[name];
    if (isLate) post("update-fbp", body, function () {});
  }

  function begin() {
    if (!allowed) return;
    visitor = visitor || known(cookie(VISITOR)) || known(stored(VISITOR)) || uuid();
    keep(VISITOR, visitor, YEAR);
    visit();
  }

  // ------------------------------------------------------------------ consent
  // `given` is true or false for everything, or an object; `yes` whether a page that waits may begin.
  function consent(given, yes) {
    var whole = given === !!given, name;
    if (whole) given = { ads: (yes = given), userData: given, personalization: given };
    else if (yes === undefined) yes = given.ads;
    said = said || {};
    for (name in given) said[name] = given[name];
    answers++;
    if (yes !== undefined && (whole || waits)) allowed = !!yes;
    // A visit that is not answered yet tells it afterwards.
    if (page && (reached || !allowed)) tell();
    if (allowed) return begin();
    keep(VISITOR, "", 0);
    keep(SESSION, "", 0);
    visitor = page = "";
    reached = undefined;
  }

  function tell() {
    post("update-fbp", { consent: said }, function () {});
  }

  // A banner that speaks TCF, GPP or Google Consent Mode is asked by a second script beside this one.
  function banner() {
    if (asked || !(window.__tcfapi || window.__gpp || window.google_tag_data || window.dataLayer)) return;
    asked = document.createElement("script");
    asked.src = script.src.replace(/[^\/]*(\?.*)?$/, "track-consent.js");
    document.documentElement.appendChild(asked);
  }

  // ------------------------------------------------------------------ invites
  function invite(channelId) {
    var clicks = /[?&](CLICK_PARAMETERS|utm_\w+)=[^&]*/gi;
    var url = api + "/backend/track/invite?websiteId=" + websiteId + "&tempId=" + visitor;
    if (channelId) url += "&channelId=" + encodeURIComponent(channelId);
    // A visit that nobody confirmed may have been lost: the click then carries its ad itself.
    return reached ? url : url + (location.search.match(clicks) || []).join("").replace(/\?/g, "&");
  }

  // A link's own address, whether or not it leads to the invite just now.
  function addressOf(node) {
    return String(node.href || "").indexOf(api + "/backend/") ? node.href : node.adtargetHref;
  }

  // The channel a node leads to: '' is the default one, undefined is none.
  function channelOf(node) {
    var named = node.getAttribute && node.getAttribute("data-adtarget-invite"), address, link;
    if (typeof named === "string") return named;
    address = String(addressOf(node) || "").split(/[?#]/)[0].toLowerCase().replace(/\/$/, "");
    address = address.replace(/^https?:\/\/(www\.)?(t|telegram)\.me\//, "https://t.me/");
    for (link in ownLinks) if (link.toLowerCase() === address) return ownLinks[link];
  }

  // Just before a link is used, so that it works whatever drew it and whenever, in this tab or another.
  // Where the tracker cannot be reached it keeps, or gets back, its own address.
  function point(event) {
    var node = event.target, channel, works, address;
    while (node && (channel = channelOf(node)) === undefined) node = node.parentNode;
    if (!node) return;
    works = allowed && visitor && (reached || (reached === undefined && new Date() - askedAt < PATIENCE));
    if (node.href) {
      address = node.adtargetHref = addressOf(node);
      node.href = works || (visitor && (!address || /#$/.test(address))) ? invite(channel) : address || node.href;
    } else if (event.type === "click" && visitor) {
      location.href = invite(channel);
    }
  }

  function on(target, name, act) {
    target.addEventListener(name, function (event) {
      try {
        act(event);
      } catch (error) {}
    }, true);
  }

  function wrap(name) {
    var original = history[name];
    history[name] = function () {
      var result = original.apply(this, arguments);
      setTimeout(visit, 0);
      return result;
    };
  }

  try {
    on(document, "mousedown", point);
    on(document, "touchstart", point);
    on(document, "focusin", point);
    on(document, "click", point);
    on(document, "visibilitychange", late);
    on(window, "popstate", visit);
    if (history.pushState) {
      wrap("pushState");
      wrap("replaceState");
    }
    window.adtarget = {
      tempId: function () {
        return visitor;
      },
      invite: invite,
      consent: consent
    };
    banner();
    on(window, "load", banner);
    // A page that is only made ready for somebody who may never come is not a visit.
    if (document.prerendering) on(document, "prerenderingchange", begin);
    else begin();
  } catch (error) {}
})(window, document);
