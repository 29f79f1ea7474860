// What a shop has settled once: danggol.toml beside the store. A flag or a parameter that is given goes
// before it.
//
//   [shop]      language, currency, suppress-file (a file beside the store, read before whoever says whom to
//   contact), calendar (countries and files of holidays, sale days and notes, read before every run) [import]
//   flags of import, by name: zone, nobody, negative-rows ... [run]       dates, horizon-months and seed of
//   every run [ROOM]      the parameters of an analysis
#pragma once

#include <map>
#include <string>

#include "contract/room.h"
#include "danggol/engine.h"
#include "ingest/calendar.h"

namespace danggol::engine {

class ShopSettings {
 public:
  // Of the store; nothing where there is no file. Code::bad_input where it names what is not there or gives
  // what cannot be.
  static Result<ShopSettings> read(const std::string& store_path);
  static Result<ShopSettings> of(const std::string& text, const std::string& store_path);  // if it held this

  // A value of [shop]; "" where it is not set.
  const std::string& shop(const std::string& name) const;
  // What was given, and what is settled beside it.
  ParamTexts with_run(ParamTexts given) const;
  ParamTexts with_room(const Room& room, ParamTexts given) const;
  const ParamTexts& import() const { return section("import"); }
  std::string suppress_file() const;  // its path; "" where there is none
  Result<ingest::CalendarSources> calendar() const;
  std::vector<Setting> all() const;

 private:
  const ParamTexts& section(const std::string& name) const;
  std::map<std::string, ParamTexts> sections_;
  std::string folder_;
};

// Writes settings, or takes away those whose `value` is empty; nothing where the file would not be right
// then.
Status set(const std::string& store_path, const std::vector<Setting>& settings);

}  // namespace danggol::engine
