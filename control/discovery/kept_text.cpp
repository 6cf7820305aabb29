#include "control/discovery/kept_text.h"

#include "control/discovery/document.h"

namespace switchyard::control::discovery {

std::string kept_text(const Roll::Kept& kept) {
    Json members = Json::array();
    for (const auto& member : kept.members) {
        Json one = {{"address", member.found.address.text()},
                    {"weight", member.found.weight},
                    {"backup", member.found.backup},
                    {"draining", member.found.draining},
                    {"since", member.since_ms}};
        if (member.absent_since_ms) one["absent_since"] = *member.absent_since_ms;
        members.push_back(std::move(one));
    }
    return Json{{"number", kept.number}, {"members", std::move(members)}}.dump();
}

std::optional<Roll::Kept> read_kept(const std::string& row) {
    const auto document = parsed(row);
    if (!document.is_object()) return std::nullopt;
    try {
        Roll::Kept out;
        out.number = document.at("number").get<std::uint64_t>();
        for (const auto& one : document.at("members")) {
            Roll::Member member;
            const auto address = config::Address::parse(one.at("address").get<std::string>());
            if (!address) return std::nullopt;
            member.found.address = *address;
            member.found.weight = one.at("weight").get<std::uint32_t>();
            member.found.backup = one.at("backup").get<bool>();
            member.found.draining = one.at("draining").get<bool>();
            member.since_ms = one.at("since").get<std::int64_t>();
            if (one.contains("absent_since")) member.absent_since_ms = one.at("absent_since").get<std::int64_t>();
            out.members.push_back(std::move(member));
        }
        return out;
    } catch (const Json::exception&) {  // of another release
        return std::nullopt;
    }
}

}  // namespace switchyard::control::discovery
