#include "config/model/secret_value.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace switchyard::config {
namespace {

std::optional<std::string> text_of_file(const std::string& path, std::string* why) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(kMostSecretBytes + 1, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
        *why = "the file " + path + " cannot be read: " + std::strerror(errno == 0 ? EISDIR : errno);
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() <= kMostSecretBytes) return text;
    *why = "the file " + path + " has more than " + std::to_string(kMostSecretBytes) + " bytes: it is no secret";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> secret_value(const Secret& secret, std::string* why) {
    using From = Secret::From;
    if (secret.from == From::here) return secret.text;
    std::optional<std::string> value;
    const bool variable = secret.from == From::env;
    if (variable) {
        if (const char* set = std::getenv(secret.text.c_str()); set != nullptr)
            value = set;
        else
            *why = "the variable " + secret.text + " is not set in the environment of the process";
    } else {
        value = text_of_file(secret.text, why);
    }
    if (!value) return value;
    while (!value->empty() && (value->back() == '\n' || value->back() == '\r')) value->pop_back();
    if (!value->empty()) return value;
    *why = (variable ? "the variable " : "the file ") + secret.text + " is empty";
    return std::nullopt;
}

}  // namespace switchyard::config
