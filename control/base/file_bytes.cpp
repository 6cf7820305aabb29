#include "control/base/file_bytes.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/base/problem.h"

namespace switchyard::control {

Result<std::string> file_bytes(const std::string& path) {
    std::error_code unknown;  // what cannot be looked at cannot be read either
    if (std::filesystem::is_directory(path, unknown))
        return problems::invalid(path + " cannot be read: it is a folder");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file.is_open()) return problems::invalid(path + " cannot be read: " + std::strerror(errno));
    std::ostringstream text;
    text << file.rdbuf();
    // An empty file gives nothing to insert, which a stream calls a failure.
    if (file.bad()) return problems::invalid(path + " cannot be read: " + std::strerror(errno));
    return text.str();
}

}  // namespace switchyard::control
