#include "control/rehearsal/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

Question question_of(const RecentRequest& request) {
    return {request.method, request.host, request.target, request.fields, request.client, request.listener};
}

Json text_of(const Question& question) {
    return {{"method", question.method}, {"host", question.host},         {"path", question.path},
            {"client", question.client}, {"listener", question.listener}, {"headers", question.headers}};
}

Question question_of(const Json& text) {
    Question out;
    out.method = text.value("method", out.method);
    out.host = text.value("host", "");
    out.path = text.value("path", out.path);
    out.client = text.value("client", out.client);
    out.listener = text.value("listener", "");
    out.headers = text.value("headers", Json::array()).get<std::vector<std::pair<std::string, std::string>>>();
    return out;
}

// What is sent to another program is UTF-8; other octets are rare in a head.
bool is_plain(const RecentRequest& request) {
    const auto plain = [](const std::string& text) {
        return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    };
    return plain(request.target) && plain(request.host) &&
           std::ranges::all_of(request.fields, [&](const auto& f) { return plain(f.first) && plain(f.second); });
}

// Its query may hold secrets.
std::string words(const Question& question) {
    return fmt::format("{} {}{}", question.method, question.host, question.path.substr(0, question.path.find('?')));
}

// Only what the other one has said: one of another version may say less.
bool alike(const Json& theirs, const Json& ours) {
    for (const auto& [key, value] : theirs.items())
        if (!ours.contains(key) || ours.at(key) != value) return false;
    return true;
}

}  // namespace

Json questions_of(const Snapshot& snapshot, const std::vector<std::vector<RecentRequest>>& by_worker,
                  const Moment& now) {
    Json out = Json::array();
    bool more = true;
    for (std::size_t i = 0; more && out.size() < kMostQuestions; ++i) {
        more = false;
        for (const auto& requests : by_worker) {
            if (i >= requests.size() || out.size() >= kMostQuestions) continue;
            more = true;
            if (!is_plain(requests[i])) continue;
            const auto question = question_of(requests[i]);
            const auto answer = explain_decision(snapshot, question, now);
            if (!answer) continue;
            out.push_back(text_of(question));
            out.back()["answer"] = *answer;
        }
    }
    return out;
}

Result<std::size_t> answer_alike(const Snapshot& snapshot, const Json& questions, const Moment& now) {
    if (!questions.is_array()) return std::size_t{0};
    for (const auto& each : questions) {
        const auto question = question_of(each);
        const auto& theirs = each.value("answer", Json::object());
        const auto ours = explain_decision(snapshot, question, now);
        if (ours && alike(theirs, *ours)) continue;
        return problems::conflict(fmt::format(
            "a request that was served lately, {}, would be treated otherwise by this version: {} where the running "
            "one has {}. Change its route so that both mean the same (switchyard explain says why), or stay",
            words(question), ours ? ours->dump() : ours.error().detail, theirs.dump()));
    }
    return questions.size();
}

}  // namespace switchyard::control
