// Sentences of runs, as they are kept and as today's words say them.
#pragma once

#include <string>

#include "contract/room.h"
#include "contract/words.h"
#include "store/database.h"

namespace danggol::engine {

// In every language.
Text said(const Sentence& sentence);
std::vector<Text> said(const std::vector<Sentence>& sentences);
// The same of a row of run.sentence; `then`, what was said, where today's words do not know the sentence.
Text said_again(const std::string& scope, const std::string& id, const std::string& arguments, Text then);

// An answer as a person reads it: columns and words of ours by their labels, figures in the `unit` of their
// row. The words are the room's, else of whose results it uses.
Table told(const Table& answer, const Room& room, Language language);

// Of our own words: what a parameter is for.
std::vector<ParamInfo> with_help(std::vector<ParamInfo> params, const std::string& prefix = "parameter.");
Text own_words(const std::string& key);

}  // namespace danggol::engine
