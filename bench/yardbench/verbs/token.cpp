#include "bench/yardbench/verbs/token.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace yardbench {

void TokenFlags::add_to(CLI::App& verb) {
    verb.add_option("--token", token, "admin token");
    verb.add_option("--token-file", file, "file that holds the admin token, e.g. STATE_DIR/admin.token");
}

std::string TokenFlags::read() const {
    if (!token.empty()) return token;
    if (!file.empty()) {
        std::ifstream in(file);
        std::string text;
        if (!(in >> text)) throw std::invalid_argument("--token-file " + file + ": cannot be read or is empty");
        return text;
    }
    if (const char* text = std::getenv("SWITCHYARD_TOKEN"); text != nullptr) return text;
    throw std::invalid_argument("no admin token: give --token, --token-file or set SWITCHYARD_TOKEN");
}

}  // namespace yardbench
