#pragma once  // The media type of a file, by its name.
#include <map>
#include <string>
#include <string_view>

namespace wsinetd::http {

/// Extension to media type: the system's table, and a few rows of our own for what a web page is made of.
class MediaTypes {
public:
    /// `table` is the text of a mime.types file ("type ext ext ..."), may be empty; lines with other syntax are
    /// ignored. Where two lines name an extension, the last one counts. Our own rows count before any.
    explicit MediaTypes(std::string_view table = {});

    /// By the file name's last extension, without case; "application/octet-stream" for any other. A name that only
    /// starts with a dot has no extension. Every text type is said to be UTF-8, which a client would else not assume.
    [[nodiscard]] std::string of(std::string_view file_name) const;

private:
    void add(std::string_view line);

    std::map<std::string, std::string, std::less<>> types_;  // by extension; both in small letters
};

}  // namespace wsinetd::http
