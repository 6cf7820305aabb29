#include "control/release/record.h"

#include <algorithm>

namespace switchyard::control::release {

nlohmann::ordered_json to_json(const Record& record) {
    nlohmann::ordered_json out;
    out["step"] = word(record.step);
    out["what"] = word(record.what);
    if (!record.at.empty()) out["at"] = record.at;
    if (!record.detail.empty()) out["detail"] = record.detail;
    if (record.generation != 0) out["generation"] = record.generation;
    if (!record.rollout.empty()) out["rollout"] = record.rollout;
    if (!record.data.is_null()) out["data"] = record.data;
    return out;
}

std::optional<Record> parse_record(const nlohmann::ordered_json& json) {
    if (!json.is_object()) return std::nullopt;
    const auto text = [&](const char* key) {
        const auto it = json.find(key);
        return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    const auto step = step_of(text("step"));
    const auto what = std::ranges::find(kWhatWords, text("what"));
    if (!step || what == kWhatWords.end()) return std::nullopt;
    Record record;
    record.step = *step;
    record.what = static_cast<Record::What>(what - kWhatWords.begin());
    record.detail = text("detail");
    record.rollout = text("rollout");
    record.at = text("at");
    if (const auto it = json.find("generation"); it != json.end() && it->is_number_unsigned())
        record.generation = it->get<std::uint64_t>();
    if (const auto it = json.find("data"); it != json.end()) record.data = *it;
    return record;
}

}  // namespace switchyard::control::release
