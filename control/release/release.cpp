#include "control/release/release.h"

#include <algorithm>

namespace switchyard::control::release {
namespace {

using Json = nlohmann::ordered_json;

struct Flag {
    const char* word;
    bool Wanted::*member;
};
constexpr std::array<Flag, 6> kFlags{{{"endpoints", &Wanted::endpoints},
                                      {"start", &Wanted::start},
                                      {"smoke", &Wanted::smoke},
                                      {"smoke_through", &Wanted::smoke_through},
                                      {"judged", &Wanted::judged},
                                      {"stop", &Wanted::stop}}};

std::string text_at(const Json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::uint64_t number_at(const Json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

Json split_json(const config::Split& split) {
    Json out = Json::object();
    for (const auto& [upstream, weight] : split) out[upstream] = weight;
    return out;
}

// What every form of it has.
Json head(const Release& r) {
    Json out = {{"id", r.id},         {"route", r.route},           {"from", r.from},
                {"to", r.to},         {"outcome", word(r.outcome)}, {"who", r.who},
                {"origin", r.origin}, {"started_at", r.begun}};
    if (!r.ended.empty()) out["ended_at"] = r.ended;
    if (!r.reason.empty()) out["reason"] = r.reason;
    if (!r.undone_by.empty()) out["undone_by"] = r.undone_by;
    return out;
}

}  // namespace

Json to_json(const Wanted& wanted) {
    Json out = Json::array();
    for (const auto& flag : kFlags)
        if (wanted.*flag.member) out.push_back(flag.word);
    return out;
}

Wanted parse_wanted(const Json& json) {
    Wanted wanted;
    for (const auto& flag : kFlags)
        if (std::find(json.begin(), json.end(), flag.word) != json.end()) wanted.*flag.member = true;
    return wanted;
}

std::string text_of(const Release& r) {
    Json out = head(r);
    out["wanted"] = to_json(r.wanted);
    out["plan"] = r.plan;
    out["generation"] = r.generation;
    out["split"] = split_json(r.split);
    out["runner"] = r.runner;
    out["within_ms"] = static_cast<std::uint64_t>(r.within.count());
    auto& steps = out["steps"] = Json::array();
    for (const auto& record : r.steps) steps.push_back(to_json(record));
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Release> parse_release(const std::string& text) {
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    Release r;
    r.id = text_at(json, "id");
    r.route = text_at(json, "route");
    r.from = text_at(json, "from");
    r.to = text_at(json, "to");
    r.who = text_at(json, "who");
    r.origin = text_at(json, "origin");
    r.begun = text_at(json, "started_at");
    r.ended = text_at(json, "ended_at");
    r.reason = text_at(json, "reason");
    r.undone_by = text_at(json, "undone_by");
    r.runner = text_at(json, "runner");
    r.within = std::chrono::milliseconds(number_at(json, "within_ms"));
    r.generation = number_at(json, "generation");
    const auto outcome = std::ranges::find(kOutcomeWords, text_at(json, "outcome"));
    if (r.id.empty() || outcome == kOutcomeWords.end()) return std::nullopt;
    r.outcome = static_cast<Outcome>(outcome - kOutcomeWords.begin());
    if (const auto it = json.find("wanted"); it != json.end()) r.wanted = parse_wanted(*it);
    if (const auto it = json.find("plan"); it != json.end()) r.plan = *it;
    if (const auto it = json.find("split"); it != json.end() && it->is_object())
        for (const auto& [upstream, weight] : it->items())
            if (weight.is_number_unsigned()) r.split.emplace_back(upstream, weight.get<std::uint32_t>());
    if (const auto it = json.find("steps"); it != json.end())
        for (const auto& line : *it)
            if (auto record = parse_record(line)) r.steps.push_back(std::move(*record));
    return r;
}

Json view(const Release& r, bool whole) {
    Json out = head(r);
    out["before"] = {{"generation", r.generation}, {"split", split_json(r.split)}};
    auto& generations = out["generations"] = Json::array();
    auto& rollouts = out["rollouts"] = Json::array();
    for (const auto& record : r.steps) {
        const Json generation = record.generation, rollout = record.rollout;
        if (record.generation != 0 &&
            std::find(generations.begin(), generations.end(), generation) == generations.end())
            generations.push_back(generation);
        if (!record.rollout.empty() && std::find(rollouts.begin(), rollouts.end(), rollout) == rollouts.end())
            rollouts.push_back(rollout);
    }
    if (!whole) {
        if (!r.steps.empty()) out["step"] = word(r.steps.back().step);
        return out;
    }
    out["wanted"] = to_json(r.wanted);
    out["plan"] = r.plan;
    auto& steps = out["steps"] = Json::array();
    for (const auto& record : r.steps) steps.push_back(to_json(record));
    return out;
}

}  // namespace switchyard::control::release
