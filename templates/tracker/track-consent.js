// Asks the page's consent banner for track.js, which loads this file where there is one: TCF (__tcfapi), GPP (__gpp)
// and Google Consent Mode (google_tag_data, else dataLayer). What they say is passed to adtarget.consent, with whether
// a page that waits for consent may begin. Plain ES5. Served without these comments.
(function (window) {
  "use strict";
  var NAMES = ["ad_storage", "ad_user_data", "ad_personalization"], told = {}, left = 120;

  function say(source, words, yes) {
    var text = JSON.stringify(words);
    if (text === told[source]) return;
    told[source] = text;
    window.adtarget.consent(words, yes);
  }

  function tcf(data, works) {
    if (!works || !data || data.eventStatus === "cmpuishown") return;
    if (data.gdprApplies === false) say("tcf", { gdprApplies: false }, true);
    else if (data.tcString) {
      say("tcf", { tcf: data.tcString, gdprApplies: true }, !!(data.purpose && data.purpose.consents[1]));
    }
  }

  function gpp(data) {
    data = data && (data.pingData || data);
    if (data && data.gppString && data.signalStatus !== "not ready") say("gpp", { gpp: data.gppString });
  }

  // As Google has worked it out for this visitor, where its tag runs; otherwise as the page says it for everybody.
  function mode() {
    var entries = ((window.google_tag_data || {}).ics || {}).entries, layer = window.dataLayer || [], found = {}, any;
    function take(name, word) {
      if (word === "granted" || word === "denied") found[name] = any = word;
    }
    function word(entry) {
      var value = entry.update === undefined ? entry["default"] : entry.update;
      return value === undefined ? "" : value ? "granted" : "denied";
    }
    NAMES.forEach(function (name) {
      var index, item;
      if (entries) return take(name, entries[name] ? word(entries[name]) : "");
      for (index = 0; index < layer.length; index++) {
        item = layer[index];
        if (item && item[0] === "consent" && item[2] && !item[2].region) take(name, item[2][name]);
      }
    });
    if (any) say("mode", { consentMode: found }, found.ad_storage && found.ad_storage === "granted");
    if (left-- > 0) setTimeout(mode, 1000);
  }

  function attempt(act) {
    try {
      act();
    } catch (error) {}
  }

  attempt(function () {
    if (window.__tcfapi) window.__tcfapi("addEventListener", 2, tcf);
  });
  attempt(function () {
    if (!window.__gpp) return;
    window.__gpp("addEventListener", gpp);
    window.__gpp("ping", gpp);
  });
  attempt(mode);
})(window);
