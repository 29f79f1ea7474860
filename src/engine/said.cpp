#include "engine/said.h"

#include "contract/room.h"
#include "engine/words.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

const Words* words_of(std::string_view scope) {
  if (scope == engine_words::scope) return &engine_words::all;
  for (const Room& room : rooms::all())
    if (room.words->scope == scope) return room.words;
  return nullptr;
}

}  // namespace

Text said(const Sentence& sentence) {
  const Words* words = words_of(sentence.scope);
  return words ? render(*words, sentence) : Text();
}

std::vector<Text> said(const std::vector<Sentence>& sentences) {
  std::vector<Text> out;
  for (const Sentence& sentence : sentences) out.push_back(said(sentence));
  return out;
}

Text said_again(const std::string& scope, const std::string& id, const std::string& arguments, Text then) {
  auto read = scope.empty() ? std::nullopt : arguments_from_json(arguments);
  Text now = read ? said({scope, id, *read}) : Text();
  return now.empty() ? then : now;
}

std::vector<ParamInfo> with_help(std::vector<ParamInfo> params, const std::string& prefix) {
  for (ParamInfo& param : params) param.help = own_words(prefix + param.name);
  return params;
}

Text own_words(const std::string& key) { return engine_words::all.text(key); }

}  // namespace danggol::engine
