// Asks the page's consent banner for track.js, which loads this file where there is one: TCF (__tcfapi), GPP (__gpp)
// and Google Consent Mode (google_tag_data, else dataLayer). What they say is passed to adtarget.consent, with whether
// a page that waits for consent may begin. Plain ES5. Served without these comments.
(function (window) {
  var told = {};

  function say(words, yes) {
    var text = JSON.stringify(words), source = text.slice(2, 5);
    if (told[source] === text) return;
    told[source] = text;
    window.adtarget.consent(words, yes);
  }

  function tcf(data, works) {
    if (!works || data.eventStatus === "cmpuishown") return;
    if (data.gdprApplies === false) say({ gdprApplies: false }, true);
    else if (data.tcString) say({ tcf: data.tcString, gdprApplies: true }, !!data.purpose.consents[1]);
  }

  function gpp(data) {
    data = data && (data.pingData || data);
    if (data && data.gppString && data.signalStatus !== "not ready") say({ gpp: data.gppString });
  }

  // As Google has worked it out for this visitor, where its tag runs; otherwise as the page says it for everybody.
  function mode() {
    var entries = ((window.google_tag_data || {}).ics || {}).entries, found = {}, any;
    ["ad_storage", "ad_user_data", "ad_personalization"].forEach(function (name) {
      var entry = (entries || {})[name] || {};
      function take(word) {
        if (/granted|denied/.test(word)) found[name] = any = word;
      }
      [entry.default, entry.update].forEach(function (yes) {
        if (yes !== undefined) take(yes ? "granted" : "denied");
      });
      if (!entries) [].forEach.call(window.dataLayer || [], function (item) {
        if (item && item[0] === "consent" && item[2] && !item[2].region) take(item[2][name]);
      });
    });
    if (any) say({ consentMode: found }, found.ad_storage === "granted");
    setTimeout(mode, 2000);
  }

  function attempt(name, words, listen) {
    try {
      window[name]("addEventListener", words, listen);
    } catch (error) {}
  }

  attempt("__tcfapi", 2, tcf);
  attempt("__gpp", gpp);
  mode();
})(window);
