# Turns files into one header with their text, at build time.
#   cmake -DOUT=header -DNAMESPACE=forum -DNAME=kArray "-DFILES=a;b" -P embed.cmake
set(entries "")
foreach(file IN LISTS FILES)
    file(READ "${file}" text)
    get_filename_component(name "${file}" NAME)
    string(APPEND entries "    {\"${name}\", R\"embedded~(${text})embedded~\"},\n")
endforeach()
string(MAKE_C_IDENTIFIER "EMBEDDED_FILE_OF_${NAMESPACE}" guard)
file(WRITE "${OUT}" "#pragma once\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n
#ifndef ${guard}\n#define ${guard}\nstruct EmbeddedFile {\n    std::string_view name;\n    std::string_view text;\n};\n#endif\n
inline constexpr EmbeddedFile ${NAME}[] = {\n${entries}};\n\n}  // namespace ${NAMESPACE}\n")
