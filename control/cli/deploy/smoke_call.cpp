#include "control/cli/deploy/smoke_call.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "control/cli/url_scheme.h"

namespace switchyard::control::cli::deploy {
namespace {

// A release that needs longer for one call is not ready for traffic; and the runner must be heard of meanwhile.
constexpr time_t kCallSeconds = 10;

std::optional<std::vector<std::string>> words_of(const std::string& text) {
    std::vector<std::string> out;
    std::string word;
    bool open = false;
    char quote = 0;
    for (const char c : text) {
        if (quote != 0 && c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c, open = true;
        } else if (quote == 0 && c == ' ') {
            if (open || !word.empty()) out.push_back(std::move(word));
            word.clear(), open = false;
        } else {
            word.push_back(c);
        }
    }
    if (quote != 0) return std::nullopt;
    if (open || !word.empty()) out.push_back(std::move(word));
    return out;
}

bool legible(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

}  // namespace

std::optional<SmokeCall> SmokeCall::parse(const std::string& text, std::string& why) {
    const auto fail = [&](std::string said) {
        why = fmt::format("{:?}: {}; write it as \"GET /readyz\" or \"GET / -H X-Release:canary =200\"", text,
                          std::move(said));
        return std::nullopt;
    };
    const auto words = words_of(text);
    if (!words) return fail("a quote is not closed");
    if (words->size() < 2) return fail("a method and a path are needed");
    if (!legible(text)) return fail("has a control character");
    SmokeCall call;
    call.method = (*words)[0];
    call.target = (*words)[1];
    if (!std::ranges::all_of(call.method, [](char c) { return c >= 'A' && c <= 'Z'; }))
        return fail("the method is written in capitals");
    if (call.target.front() != '/') return fail("the path begins with /");
    if (call.target.find(' ') != std::string::npos) return fail("the path has a space; write %20");
    for (std::size_t i = 2; i < words->size(); ++i) {
        const auto& word = (*words)[i];
        if (word == "-H") {
            if (i + 1 == words->size()) return fail("-H needs Name:Value");
            const auto& field = (*words)[++i];
            const auto colon = field.find(':');
            if (colon == std::string::npos || colon == 0) return fail("-H needs Name:Value");
            const auto value = field.find_first_not_of(' ', colon + 1);
            call.headers.emplace_back(field.substr(0, colon), value == std::string::npos ? "" : field.substr(value));
        } else if (word.size() == 4 && word[0] == '=' && call.status == 0) {
            const auto [end, ec] = std::from_chars(word.data() + 1, word.data() + 4, call.status);
            if (ec != std::errc{} || end != word.data() + 4 || call.status < 100) return fail(word + " is no status");
        } else {
            return fail(word + " is not understood");
        }
    }
    return call;
}

std::string SmokeCall::host() const {
    for (const auto& [name, value] : headers)
        if (lower_case(name) == "host") return value;
    return {};
}

SmokeAnswer make_call(const SmokeCall& call, const std::string& where, const std::string& host) {
    constexpr std::string_view kUnix = "unix:";
    const bool socket = where.starts_with(kUnix);
    if (!speaks_http(where)) return {0, where + " is no address"};
    httplib::Client client(socket ? where.substr(kUnix.size())
                                  : (where.find("://") == std::string::npos ? "http://" + where : where));
    if (!client.is_valid()) return {0, where + " is no address"};
    if (socket) client.set_address_family(AF_UNIX);
    // Which certificate a listener shows is the clients' business; this asks who answers behind it.
    client.enable_server_certificate_verification(false);
    client.set_connection_timeout(kCallSeconds);
    client.set_read_timeout(kCallSeconds);
    client.set_write_timeout(kCallSeconds);
    httplib::Request request;
    request.method = call.method;
    request.path = call.target;
    for (const auto& [name, value] : call.headers) request.headers.emplace(name, value);
    if (call.host().empty() && !host.empty()) request.headers.emplace("Host", host);
    const auto result = client.send(request);
    if (!result) return {0, httplib::to_string(result.error())};
    return {result->status, ""};
}

}  // namespace switchyard::control::cli::deploy
