#include "control/base/file_bytes.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/base/problem.h"

namespace switchyard::control {

Result<std::string> file_bytes(const std::string& path) {
    std::error_code unknown;  // what cannot be looked at cannot be read either
    if (std::filesystem::is_directory(path, unknown))
        return problems::invalid(path + " cannot be read: it is a folder");
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return problems::invalid(path + " cannot be read");
    return text.str();
}

}  // namespace switchyard::control
