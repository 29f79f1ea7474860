#include "engine/said.h"

#include <cmath>

#include "contract/room.h"
#include "engine/results.h"
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

namespace {

// The label of a value of ours, by whoever of these has words for it.
std::string label(const std::vector<const Words*>& all, const std::string& value, Language language) {
  for (const Words* words : all)
    if (std::string text = label_of(*words, value).in(language); text != value) return text;
  return value;
}

std::string figure(double value, const std::string& unit, Language language) {
  if (unit == "share") return written(Share(value)).in(language);
  if (unit == "currency") return written(Amount(value)).in(language);
  return written(Count(std::llround(value))).in(language);
}

}  // namespace

Table told(const Table& answer, const Room& room, Language language) {
  std::vector<const Words*> words = {room.words};
  for (const auto& table : room.info.uses)
    if (const Room* writer = writer_of(table)) words.push_back(writer->words);
  Table out;
  for (const ColumnData& column : answer.columns) {
    if (column.name == "unit") continue;
    std::string heading = room.words->text("column." + column.name).in(language);
    ColumnData& to = out.columns.emplace_back(ColumnData{heading.empty() ? column.name : heading});
    for (size_t i = 0; i < answer.rows(); ++i) {
      const std::string& unit = answer.texts("unit")[i];
      bool is_text = column.type == Type::text;
      if (column.is_null(i)) to.push(nullptr);
      else if (column.name == "about" || (is_text && unit == "word"))
        to.push(label(words, column.texts[i], language));
      else if (unit.empty()) to.push(column.texts[i]);
      else to.push(figure(is_text ? std::stod(column.texts[i]) : column.number(i), unit, language));
    }
  }
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
