#include "control/rollout/record.h"

#include <algorithm>
#include <array>

namespace switchyard::control::rollout {

namespace {
constexpr std::array<std::string_view, 12> kWords{"started",      "step",        "paused",    "resumed",
                                                  "inconclusive", "rolled_back", "returning", "aborted",
                                                  "succeeded",    "restarted",   "closed",    "approved"};
}

std::string_view word(Record::Kind kind) {
    return kWords[static_cast<std::size_t>(kind)];
}

nlohmann::ordered_json to_json(const Record& record) {
    nlohmann::ordered_json out;
    out["kind"] = word(record.kind);
    out["at"] = record.at;
    out["step"] = record.step;
    out["weight_ppm"] = record.weight;
    out["by"] = record.by;
    out["why"] = record.why;
    if (!record.detail.is_null()) out["detail"] = record.detail;
    return out;
}

std::optional<Record> parse_record(std::string_view line) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string()) return std::nullopt;
    const auto it = std::ranges::find(kWords, json["kind"].get_ref<const std::string&>());
    if (it == kWords.end()) return std::nullopt;
    const auto text = [&](const char* key) {
        return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
    };
    const auto number = [&](const char* key) {
        return json.contains(key) && json[key].is_number_unsigned() ? json[key].get<std::uint64_t>() : 0;
    };
    Record record;
    record.kind = static_cast<Record::Kind>(it - kWords.begin());
    record.step = number("step");
    record.weight = static_cast<Ppm>(std::min<std::uint64_t>(number("weight_ppm"), kWhole));
    record.by = text("by");
    record.why = text("why");
    record.at = text("at");
    if (json.contains("detail")) record.detail = json["detail"];
    return record;
}

}  // namespace switchyard::control::rollout
