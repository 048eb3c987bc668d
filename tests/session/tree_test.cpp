#include "session/tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace wsinetd::session::tree_test {
namespace {

namespace fs = std::filesystem;
using Kind = Found::Kind;

class TreeTest : public testing::Test {
protected:
    TreeTest() {
        fs::create_directories(root / "sub");
        fs::create_directories(root / ".well-known");
        for (const char* file : {"a.txt", "sub/b", ".dot", ".well-known/c", "program"})
            std::ofstream(root / file) << "x";
        fs::permissions(root / "program", fs::perms::owner_all);
    }
    ~TreeTest() override { fs::remove_all(folder); }

    static fs::path new_folder() {
        std::string name = (fs::temp_directory_path() / "wsinetd-tree-XXXXXX").string();
        return ::mkdtemp(name.data());
    }

    fs::path folder = new_folder();
    fs::path root = fs::canonical(folder) / "root";
};

TEST_F(TreeTest, FindsFilesAndDirectoriesByTheirPath) {
    const Tree tree(root);
    EXPECT_EQ(tree.find("/").kind, Kind::directory);
    EXPECT_EQ(tree.find("/sub").kind, Kind::directory);
    EXPECT_EQ(tree.find("/sub/").kind, Kind::directory);
    EXPECT_EQ(tree.find("/a.txt").kind, Kind::file);
    EXPECT_EQ(tree.find("//sub//b").kind, Kind::file);
    EXPECT_EQ(tree.find("/sub/b").path, root / "sub/b");
    EXPECT_EQ(tree.find("/a.txt/").kind, Kind::nothing);
    EXPECT_EQ(tree.find("/none").kind, Kind::nothing);
    EXPECT_EQ(tree.find("/" + std::string(5000, 'x')).kind, Kind::nothing);
}

TEST_F(TreeTest, GivesTheRealPathOfWhatALinkLeadsTo) {
    fs::create_symlink("sub/b", root / "link");
    const Tree tree(root);
    EXPECT_EQ(tree.find("/link").kind, Kind::file);
    EXPECT_EQ(tree.find("/link").path, root / "sub/b");
}

TEST_F(TreeTest, FindsNothingOutside) {
    fs::create_symlink("/etc/passwd", root / "absolute");
    fs::create_symlink("../root/a.txt", root / "out-and-in");
    fs::create_directory_symlink("..", root / "up");
    const Tree tree(root);
    for (const char* path : {"/..", "/../root", "/absolute", "/out-and-in", "/up", "/up/root/a.txt", "/sub/../../root"})
        EXPECT_EQ(tree.find(path).kind, Kind::nothing) << path;
}

TEST_F(TreeTest, FollowsAbsoluteLinksThatSayToLeadToWhatLiesBeneath) {
    fs::create_symlink(root / "sub/b", root / "file");
    fs::create_directory_symlink(root / "sub", root / "directory");
    fs::create_directory_symlink(root / "directory", root / "twice");
    fs::create_directory_symlink(root, root / "itself");
    const Tree tree(root);
    for (const char* path : {"/file", "/directory/b", "/twice/b", "/itself/itself/twice/b"}) {
        EXPECT_EQ(tree.find(path).kind, Kind::file) << path;
        EXPECT_EQ(tree.find(path).path, root / "sub/b") << path;
    }
}

TEST_F(TreeTest, FollowsNoAbsoluteLinkThatLeadsOut) {
    fs::create_symlink(root / "../outside", root / "above");
    fs::create_symlink(root.string() + "2", root / "namesake");
    fs::create_symlink(root / "loop", root / "loop");
    fs::create_directory_symlink(root.parent_path(), root / "parent");
    std::ofstream(folder / "outside") << "secret";
    std::ofstream(root.string() + "2") << "secret";
    const Tree tree(root);
    for (const char* path : {"/above", "/namesake", "/loop", "/parent", "/parent/outside"})
        EXPECT_EQ(tree.find(path).kind, Kind::nothing) << path;
}

TEST_F(TreeTest, IsTheDirectoryThatHasItsNameNow) {
    fs::create_directory_symlink(root, folder / "link");
    const Tree tree(folder / "link");
    fs::create_directory(folder / "next");
    std::ofstream(folder / "next/new.txt") << "new";
    fs::remove(folder / "link");
    fs::create_directory_symlink(folder / "next", folder / "link");
    EXPECT_EQ(tree.find("/new.txt").kind, Kind::file);
    EXPECT_EQ(tree.find("/a.txt").kind, Kind::nothing);
}

TEST_F(TreeTest, HidesNamesWithADotAlsoBehindALink) {
    fs::create_symlink(".dot", root / "shown");
    const Tree tree(root);
    for (const char* path : {"/.dot", "/.", "/sub/../.dot", "/shown", "/.well-known/../.dot", "/.well-knownx"})
        EXPECT_EQ(tree.find(path).kind, Kind::nothing) << path;
    EXPECT_EQ(tree.find("/.well-known/c").kind, Kind::file);
    EXPECT_EQ(tree.find("/.well-known").kind, Kind::directory);
}

TEST_F(TreeTest, HoldsWhatLiesBeneathAndNotItsNamesakes) {
    const Tree tree(root);
    EXPECT_TRUE(tree.holds(root.string()));
    EXPECT_TRUE(tree.holds((root / "sub/b").string()));
    EXPECT_FALSE(tree.holds(root.string() + "2/b"));
    EXPECT_FALSE(tree.holds(folder.string()));
}

TEST_F(TreeTest, MayItselfBeReachedByALinkAndBeMoved) {
    fs::create_directory_symlink(root, folder / "link");
    const Tree tree((folder / "link").string());
    fs::rename(root, folder / "moved");
    EXPECT_EQ(tree.find("/a.txt").kind, Kind::file);
}

TEST_F(TreeTest, ReadsTheFileThatWasFoundThoughAnotherHasComeToItsPlace) {
    const Tree tree(root);
    const Found found = tree.find("/a.txt");
    std::ofstream(root / "new") << "other";
    fs::rename(root / "new", root / "a.txt");
    const OpenFile file = open_to_read(found);
    char c = 0;
    EXPECT_EQ(::read(file.fd(), &c, 1), 1);
    EXPECT_EQ(c, 'x');
}

TEST_F(TreeTest, SeesOnlyExecutableFilesAsPrograms) {
    const Tree tree(root);
    Found program;
    const endpoint::Look look = look_in(&tree, program);
    EXPECT_EQ(look("/a.txt"), endpoint::Step::nothing);
    EXPECT_EQ(look("/sub"), endpoint::Step::directory);
    EXPECT_EQ(program.kind, Kind::nothing);
    EXPECT_EQ(look("/program"), endpoint::Step::program);
    EXPECT_EQ(program.path, root / "program");
    EXPECT_EQ(look_in(nullptr, program)("/program"), endpoint::Step::nothing);
}

TEST(Tree, OfWhatIsNoDirectoryIsAnError) { EXPECT_THROW(Tree("/etc/passwd"), std::system_error); }

}  // namespace
}  // namespace wsinetd::session::tree_test
