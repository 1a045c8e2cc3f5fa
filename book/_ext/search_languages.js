// The words of a query as search_languages.py makes them for the index.
var RUN = /[\u3400-\u9fff]+|[\u0400-\u04ff]+|(?:(?![\u0400-\u04ff\u3400-\u9fff])[\p{L}\p{N}])+/gu;
var isHan = (run) => run >= "\u3400" && run < "\ua000";
var folded = (text) => text.toLowerCase().replaceAll("ё", "е");

var Stemmer = function () {
  const english = new PorterStemmer(), russian = new RussianStemmer();
  this.stemWord = (word) => (/^[\u0400-\u04ff]/.test(word) ? russian : english).stemWord(word);
};

/** The runs of one script that a query asks for: words but for the frequent ones, Chinese as it stands. */
var splitRuns = (query) => (folded(query).match(RUN) ?? []).filter(
  (run) => !stopwords.includes(run) && !/^\p{Nd}+$/u.test(run));

/** What the index must hold: words, the pairs of a Chinese run, or its only character. */
var splitQuery = (query) => splitRuns(query).flatMap((run) => isHan(run) && run.length > 1
  ? Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2)) : [run]);
