// Sphinx's search fetches every page that it found to quote from it. Browsers forbid that for pages opened as files.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
