#include "ingest/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/utf8.h"
#include "ingest/watch.h"
#include "ingest/workbook.h"

namespace danggol::ingest {
namespace {

namespace fs = std::filesystem;

// Of the files in a folder or zip; one that is named may be called anything.
bool is_table_by_name(const std::string& path) {
  std::string name = normalised(fs::path(path).filename().string(), Form::folded);
  if (name.starts_with('.') || name.starts_with("~$")) return false;  // what programs leave behind
  for (std::string_view packed : {".gz", ".zst"})
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  for (std::string_view ending : {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".zip"})
    if (name.ends_with(ending)) return true;
  return false;
}

constexpr const char* tables = "no .csv, .csv.gz, .tsv, .json, .jsonl, .parquet, .xlsx or .zip file";

// The archive that a path goes through, and what is named in it: "book.xlsx/Orders".
std::pair<std::string, std::string> parted(const std::string& path) {
  for (size_t slash = path.rfind('/'); slash != path.npos && slash > 0; slash = path.rfind('/', slash - 1)) {
    std::error_code error;
    std::string before = path.substr(0, slash);
    if (fs::is_regular_file(before, error)) return {before, path.substr(slash + 1)};
  }
  return {path, ""};
}

}  // namespace

Result<Inputs> Inputs::open(const std::vector<std::string>& paths, const std::stop_token& stop,
                            const Expect& before_opening) {
  Inputs out;
  if (paths.empty()) return Error{Code::bad_input, "no file given; name at least one"};
  for (const std::string& path : paths) {
    std::error_code error;
    TRY(fs::is_directory(path, error) ? out.add_folder(path, stop, before_opening)
                                      : out.add(path, stop, before_opening));
  }
  std::sort(out.left_out_.begin(), out.left_out_.end());
  return out;
}

Status Inputs::add_folder(const std::string& path, const std::stop_token& stop,
                          const Expect& before_opening) {
  std::vector<std::string> inside;
  std::error_code error;
  fs::directory_iterator entry(path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().string();
    std::error_code ignored;
    if (entry->is_directory(ignored)) continue;
    (is_table_by_name(name) ? inside : left_out_).push_back(name);
  }
  if (error) return Error{Code::io, fmt::format("{}: the folder cannot be read: {}", path, error.message())};
  if (inside.empty()) return Error{Code::not_found, fmt::format("{}: {} in this folder", path, tables)};
  std::sort(inside.begin(), inside.end());
  for (const std::string& name : inside) TRY(add(name, stop, before_opening));
  return {};
}

Status Inputs::add(const std::string& path, const std::stop_token& stop, const Expect& before_opening) {
  TRY(go_on(stop));
  std::string of = path, wanted;
  std::error_code error;
  if (!fs::exists(path, error)) std::tie(of, wanted) = parted(path);
  if (before_opening) TRY(before_opening(of));
  InputFile file = TRY(InputFile::open(of));
  size_t before = inputs_.size();
  if (Zip::is(file)) {
    TRY(add_packed(file, wanted, stop));
    TRY(file.unchanged());
  } else if (wanted.empty()) {
    inputs_.push_back({path, file.version()});
  } else {
    return Error{Code::not_found, fmt::format("{}: no such file", path)};
  }
  for (size_t i = before; i < inputs_.size(); ++i)
    inputs_[i].name_at = fs::path(of).parent_path().string().size();
  return {};
}

// All that is in it, or what is wanted of it.
Status Inputs::add_packed(const InputFile& archive, std::string_view wanted, const std::stop_token& stop) {
  Zip zip = TRY(Zip::open(archive, stop));
  if (zip.member("content.xml") && zip.member("mimetype"))
    return Error{
        Code::bad_input,
        fmt::format("{}: an OpenDocument; save it as .xlsx, or its sheet as CSV UTF-8", archive.path())};
  size_t before = inputs_.size();
  bool is_book = Workbook::is(zip);
  std::vector<std::string> names =
      is_book ? TRY(add_sheets(std::move(zip), wanted)) : TRY(add_members(zip, archive.path(), wanted, stop));
  constexpr size_t most_unpacked = 500, most_names_bytes = 300;
  auto is_unpacked = [](const Input& input) { return input.unpacked.has_value(); };
  if (std::count_if(inputs_.begin(), inputs_.end(), is_unpacked) > static_cast<int64_t>(most_unpacked))
    return Error{Code::bad_input,
                 fmt::format("{}: more than {} tables in archives, the most that are read at once; unpack it "
                             "and give the folder",
                             archive.path(), most_unpacked)};
  if (inputs_.size() > before) return {};
  if (wanted.empty())
    return Error{Code::bad_input,
                 fmt::format("{}: {} in it", archive.path(), is_book ? "no sheet with values" : tables)};
  return Error{Code::not_found,
               fmt::format("{}: no {} in it, but {}", archive.path(), wanted,
                           beginning(fmt::format("{}", fmt::join(names, ", ")), most_names_bytes))};
}

Result<std::vector<std::string>> Inputs::add_sheets(Zip zip, std::string_view wanted) {
  Workbook book = TRY(Workbook::open(std::move(zip)));
  for (size_t sheet = 0; sheet < book.sheets().size(); ++sheet) {
    if (!wanted.empty() && book.sheets()[sheet] != wanted) continue;
    InputFile csv = TRY(book.csv_of(sheet));
    if (csv.version().bytes > 0 || !wanted.empty()) inputs_.push_back({csv.path(), csv.version(), csv});
  }
  return book.sheets();
}

Result<std::vector<std::string>> Inputs::add_members(const Zip& zip, const std::string& archive,
                                                     std::string_view wanted, const std::stop_token& stop) {
  std::vector<const Zip::Member*> files;
  for (const Zip::Member& member : zip.members())
    if (!member.name.ends_with('/') && !member.name.starts_with("__MACOSX/")) files.push_back(&member);
  std::vector<std::string> names;
  for (const Zip::Member* member : files) {
    const std::string& name = names.emplace_back(member->name);
    std::string path = fmt::format("{}/{}", archive, name);
    std::string_view inside;  // what is wanted of the member
    if (wanted.starts_with(name + "/")) inside = wanted.substr(name.size() + 1);
    else if (!wanted.empty() && wanted != name) continue;
    bool is_read = !wanted.empty() || files.size() == 1 || is_table_by_name(name);
    if (!is_read) {
      left_out_.push_back(path);
      continue;
    }
    InputFile file =
        TRY(InputFile::make(path, "", [&](const InputFile::Put& put) { return zip.read(*member, put); }));
    if (!Zip::is(file)) inputs_.push_back({path, file.version(), file});
    else if (Workbook::is(TRY(Zip::open(file, stop)))) TRY(add_packed(file, inside, stop));
    else left_out_.push_back(path);  // a zip in a zip
  }
  return names;
}

void Inputs::remove(const std::vector<bool>& which) {
  size_t i = 0;
  std::erase_if(inputs_, [&](const Input&) { return which[i++]; });
}

std::string Inputs::name(size_t i) const {
  size_t at = inputs_[i].name_at;
  return inputs_[i].path.substr(at > 0 ? inputs_[i].path.find_first_not_of('/', at) : 0);
}

Result<InputFile> Inputs::open(size_t i) const {
  const Input& input = inputs_[i];
  if (input.unpacked) return input.unpacked->again();
  return InputFile::open(input.path, input.version);
}

}  // namespace danggol::ingest
