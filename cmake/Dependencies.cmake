# Every dependency is a Debian 12 package; scripts/setup installs what is missing.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(doctest REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(MARIADB IMPORTED_TARGET libmariadb)  # optional: -DFORUM_MARIADB=OFF
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(MD4C REQUIRED IMPORTED_TARGET md4c)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlienc)
pkg_check_modules(BROTLI_DECODER REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

add_library(sqlitecpp INTERFACE)
target_link_libraries(sqlitecpp INTERFACE ${SQLITECPP_LIBRARY} PkgConfig::SQLITE3)

add_library(cares INTERFACE)
target_link_libraries(cares INTERFACE PkgConfig::CARES)

# Asio and Beast are compiled once, in cmake/boost.cpp; everybody else sees declarations only.
add_library(boost_compiled STATIC ${CMAKE_CURRENT_LIST_DIR}/boost.cpp)
target_compile_definitions(boost_compiled PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                                                 BOOST_ASIO_NO_DEPRECATED)
target_compile_options(boost_compiled PRIVATE -w)
target_link_libraries(boost_compiled PUBLIC Boost::boost Threads::Threads)

# The Debian library is built with TLS; programs name its libraries themselves.
add_library(httplib INTERFACE)
target_link_libraries(httplib INTERFACE PkgConfig::HTTPLIB OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
