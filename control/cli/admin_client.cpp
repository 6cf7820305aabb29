#include "control/cli/admin_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "control/cli/safe_text.h"
#include "control/cli/url_scheme.h"

namespace switchyard::control::cli {
namespace {

// A call may wait for a drain; the server ends such waits by itself before this.
constexpr time_t kReadSeconds = 660;
constexpr time_t kConnectSeconds = 5;

// Line ends and blanks come along when a file is read into a variable.
std::string trimmed(const std::string& text) {
    constexpr const char* kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return trimmed(line);
}

// What a header can carry.
bool is_one_line(const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Why there is no first line in a file.
std::string why_empty(const std::string& path) {
    errno = 0;
    const std::ifstream file(path);
    return file.is_open() ? "it is empty" : std::strerror(errno);
}

ClientAnswer no_url(const std::string& url) {
    return {0, fmt::format("{} is not a URL such as http://127.0.0.1:9900", url), nullptr};
}

ClientAnswer no_answer(const std::string& url, httplib::Error error) {
    if (error == httplib::Error::SSLServerVerification)
        return {0, url + " shows a certificate that is not trusted here; name it with --ca-file", nullptr};
    if (error == httplib::Error::SSLConnection)
        return {0, url + " is there, but speaks no TLS: its admin API is asked by http://", nullptr};
    if (error == httplib::Error::Read && url.starts_with("http://"))
        return {
            0,
            url + " ends the connection without an answer; if its admin API has a certificate, it is asked by https://",
            nullptr};
    const auto why = error == httplib::Error::Connection ? "no connection" : httplib::to_string(error);
    return {0, fmt::format("{} does not answer ({}); is switchyard running there?", url, why), nullptr};
}

}  // namespace

AdminClient::AdminClient(const ClientSettings& settings)
    : url_(settings.admin),
      ca_file_(settings.ca_file),
      certificate_(settings.certificate),
      key_(settings.key.empty() ? settings.certificate : settings.key) {
    std::string state_dir = settings.state_dir;
    if (state_dir.empty()) state_dir = from_environment("SWITCHYARD_STATE_DIR");
    const bool named = !state_dir.empty();
    if (!named) state_dir = "/var/lib/switchyard";
    if (url_.empty()) url_ = from_environment("SWITCHYARD_ADMIN");
    if (url_.empty()) url_ = first_line(state_dir + "/admin.address");
    // A process that is named by its state is not taken for another one that happens to be at the usual place.
    if (url_.empty() && named)
        no_address_ = fmt::format(
            "{}/admin.address: {}; is switchyard running with this state directory? --admin URL says "
            "where it is otherwise",
            state_dir, why_empty(state_dir + "/admin.address"));
    if (url_.empty()) url_ = "http://127.0.0.1:9900";
    // What is said on the command line goes before what is about.
    if (!settings.token_file.empty()) {
        token_from_ = settings.token_file;
        token_ = first_line(settings.token_file);
        if (!is_one_line(token_))
            no_token_ = settings.token_file + " holds no token: there are control characters in it";
        if (token_.empty())
            no_token_ = fmt::format("--token-file {}: {}", settings.token_file, why_empty(settings.token_file));
        return;
    }
    // A caller that shows a certificate is known by it.
    if (!certificate_.empty()) {
        token_from_ = "--cert stands in its place";
        return;
    }
    token_ = trimmed(from_environment("SWITCHYARD_TOKEN"));
    token_from_ = "SWITCHYARD_TOKEN";
    if (!is_one_line(token_)) no_token_ = "SWITCHYARD_TOKEN holds more than a token: several lines";
    if (!token_.empty()) return;
    const std::string path = state_dir + "/admin.token";
    token_ = first_line(path);
    token_from_ = token_.empty() ? fmt::format("{}: {}", path, why_empty(path)) : path;
}

ClientAnswer AdminClient::call(const std::string& method, const std::string& path, const std::string& body,
                               const std::map<std::string, std::string>& headers) const {
    if (!no_address_.empty()) return {0, no_address_, nullptr};
    if (!no_token_.empty()) return {ClientAnswer::kNotCalled, no_token_, nullptr};
    if (!speaks_http(url_)) return no_url(url_);
    httplib::Client client(url_, certificate_, key_);
    if (!client.is_valid()) return no_url(url_);
    if (!ca_file_.empty()) client.set_ca_cert_path(ca_file_.c_str());
    client.set_connection_timeout(kConnectSeconds);
    client.set_read_timeout(kReadSeconds);
    client.set_tcp_nodelay(true);
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!body.empty()) request.headers.emplace("Content-Type", "application/json");
    if (!token_.empty()) request.headers.emplace("Authorization", "Bearer " + token_);
    for (const auto& [name, value] : headers) request.headers.emplace(name, value);
    const auto result = client.send(request);
    if (!result) return no_answer(url_, result.error());
    return answered(result->status, result->body);
}

ClientAnswer AdminClient::answered(int status, const std::string& body) const {
    ClientAnswer out{status, body, Json::parse(body, nullptr, false)};
    if (out.json.is_discarded() || (status >= 400 && (!out.json.is_object() || !out.json.contains("type")))) {
        constexpr std::size_t kShown = 60;
        return {
            0,
            fmt::format("{} answers ({}), but not as Switchyard's admin API does; is that the port of the application? "
                        "It says: {}",
                        url_, status, safe_text(std::string_view(body).substr(0, std::min(kShown, body.find('\n'))))),
            nullptr};
    }
    // Which token it was, the server cannot know.
    if (status == 401 && out.json.contains("detail"))
        out.json["detail"] =
            token_.empty() ? fmt::format(
                                 "no token was sent: {}; give --token-file, SWITCHYARD_TOKEN, or --state-dir of the "
                                 "installation (as a user who may read it)",
                                 token_from_)
                           : fmt::format(
                                 "the token of {} is none that the process at {} knows; it may be that of another "
                                 "installation",
                                 token_from_, url_);
    return out;
}

ClientAnswer AdminClient::stream(const std::string& path, const std::map<std::string, std::string>& headers,
                                 const std::function<bool(std::string_view)>& take) const {
    if (!no_address_.empty()) return {0, no_address_, nullptr};
    if (!no_token_.empty()) return {ClientAnswer::kNotCalled, no_token_, nullptr};
    if (!speaks_http(url_)) return no_url(url_);
    httplib::Client client(url_, certificate_, key_);
    if (!client.is_valid()) return no_url(url_);
    if (!ca_file_.empty()) client.set_ca_cert_path(ca_file_.c_str());
    client.set_connection_timeout(kConnectSeconds);
    client.set_read_timeout(kReadSeconds);
    httplib::Headers fields;
    if (!token_.empty()) fields.emplace("Authorization", "Bearer " + token_);
    for (const auto& [name, value] : headers) fields.emplace(name, value);
    int status = 0;
    std::string error;
    const auto result = client.Get(
        path, fields,
        [&](const httplib::Response& response) {
            status = response.status;
            return true;
        },
        [&](const char* bytes, std::size_t count) {
            if (status == 200) return take({bytes, count});
            error.append(bytes, count);
            return true;
        });
    if (status == 0) return no_answer(url_, result.error());
    if (status == 200) return {status, error, nullptr};
    return answered(status, error);
}

std::string path_segment(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~' || c == ':';
        if (plain)
            out.push_back(c);
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace switchyard::control::cli
