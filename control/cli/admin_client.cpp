#include "control/cli/admin_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <cstdlib>
#include <fstream>

namespace switchyard::control::cli {
namespace {

// A call may wait for a drain; the server ends such waits by itself before this.
constexpr time_t kReadSeconds = 660;
constexpr time_t kConnectSeconds = 5;

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

ClientAnswer no_answer(const std::string& url, httplib::Error error) {
    if (error == httplib::Error::SSLServerVerification)
        return {ClientAnswer::kNotCalled, url + " shows a certificate that is not trusted here; name it with --ca-file",
                nullptr};
    const auto why = httplib::to_string(error);
    return {0, fmt::format("{} does not answer ({}); is switchyard running there?", url, why), nullptr};
}

}  // namespace

AdminClient::AdminClient(const ClientSettings& settings) : url_(settings.admin), ca_file_(settings.ca_file) {
    if (url_.empty()) url_ = from_environment("SWITCHYARD_ADMIN");
    if (url_.empty()) url_ = first_line(settings.state_dir + "/admin.address");
    if (url_.empty()) url_ = "http://127.0.0.1:9900";
    // What is said on the command line goes before what is about.
    if (!settings.token_file.empty()) {
        token_ = first_line(settings.token_file);
        if (token_.empty()) no_token_ = fmt::format("{} cannot be read, or holds no token", settings.token_file);
        return;
    }
    token_ = from_environment("SWITCHYARD_TOKEN");
    if (token_.empty()) token_ = first_line(settings.state_dir + "/admin.token");
}

ClientAnswer AdminClient::call(const std::string& method, const std::string& path, const std::string& body,
                               const std::map<std::string, std::string>& headers) const {
    if (!no_token_.empty()) return {ClientAnswer::kNotCalled, no_token_, nullptr};
    httplib::Client client(url_);
    if (!client.is_valid()) return {0, fmt::format("{} is not a URL such as http://127.0.0.1:9900", url_), nullptr};
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
    return {result->status, result->body, Json::parse(result->body, nullptr, false)};
}

ClientAnswer AdminClient::stream(const std::string& path, const std::map<std::string, std::string>& headers,
                                 const std::function<bool(std::string_view)>& take) const {
    if (!no_token_.empty()) return {ClientAnswer::kNotCalled, no_token_, nullptr};
    httplib::Client client(url_);
    if (!client.is_valid()) return {0, fmt::format("{} is not a URL such as http://127.0.0.1:9900", url_), nullptr};
    if (!ca_file_.empty()) client.set_ca_cert_path(ca_file_.c_str());
    client.set_connection_timeout(kConnectSeconds);
    client.set_read_timeout(kReadSeconds);
    httplib::Headers fields{{"Authorization", "Bearer " + token_}};
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
    return {status, error, Json::parse(error, nullptr, false)};
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
