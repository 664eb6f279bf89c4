using System.Diagnostics;
using Zurg.Agent.Processes;
using Zurg.Agent.Templates;
using Zurg.Tests.Agent.Artifacts;

namespace Zurg.Tests.Agent.Templates;

public sealed class GeneratedFileTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("zurg-generated-").FullName;
    private readonly string _elsewhere = Directory.CreateTempSubdirectory("zurg-elsewhere-").FullName;

    public void Dispose()
    {
        Directory.Delete(_root, true);
        Directory.Delete(_elsewhere, true);
    }

    [Fact]
    public void A_file_is_for_its_user_and_group_alone()
    {
        var file = Of("a/b/web.conf");
        Assert.Equal(default, file.Look());
        file.Write("text");
        Assert.Equal(("text", true), (file.Look().Text, file.Look().AsMade));
        Assert.Equal("640", Convert.ToString((int)File.GetUnixFileMode(Path.Combine(_root, "a/b/web.conf")), 8));
        Assert.Equal(0, (int)File.GetUnixFileMode(Path.Combine(_root, "a")) & 7);
        Assert.Equal(["web.conf"], Directory.EnumerateFiles(Path.Combine(_root, "a/b")).Select(Path.GetFileName));
    }

    [RootFact]
    public void The_file_and_its_directories_belong_to_the_instances_user()
    {
        var nobody = UserAccount.Find("nobody")!;
        new GeneratedFile(_root, "a/web.conf", nobody).Write("text");
        foreach (var path in (string[])["a", "a/web.conf"])
        {
            var mark = DirectoryCalls.MarkOf(Path.Combine(_root, path));
            Assert.Equal((nobody.User, nobody.Group), (mark.User, mark.Group));
        }
    }

    [Theory]
    [InlineData("link/web.conf")]
    [InlineData("to-file")]
    [InlineData("../web.conf")]
    [InlineData("a/../../web.conf")]
    public void A_path_that_leads_out_is_neither_read_nor_written(string path)
    {
        File.WriteAllText(Path.Combine(_elsewhere, "web.conf"), "theirs");
        Directory.CreateSymbolicLink(Path.Combine(_root, "link"), _elsewhere);
        File.CreateSymbolicLink(Path.Combine(_root, "to-file"), Path.Combine(_elsewhere, "web.conf"));
        Assert.Throws<LeadsOutException>(() => Of(path).Look());
        if (path != "to-file")
        {
            Assert.Throws<LeadsOutException>(() => Of(path).Write("ours"));
        }

        Assert.Equal("theirs", File.ReadAllText(Path.Combine(_elsewhere, "web.conf")));
    }

    [Fact]
    public void A_link_in_place_of_the_unfinished_file_is_not_followed()
    {
        var theirs = Path.Combine(_elsewhere, "shadow");
        File.WriteAllText(theirs, "theirs");
        File.CreateSymbolicLink(Path.Combine(_root, ".web.conf.new"), theirs);
        Of("web.conf").Write("ours");
        Assert.Equal("theirs", File.ReadAllText(theirs));
        Assert.Equal("ours", File.ReadAllText(Path.Combine(_root, "web.conf")));
    }

    [Fact]
    public void A_pipe_in_place_of_the_file_does_not_hang_the_agent()
    {
        using var made = Process.Start("mkfifo", Path.Combine(_root, "web.conf"));
        made.WaitForExit();
        Assert.Contains("is no file", Assert.Throws<IOException>(() => Of("web.conf").Look()).Message, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void On_a_full_disk_the_old_text_stays_and_nothing_else_is_left()
    {
        using var disk = new SmallDisk(1);
        var file = new GeneratedFile(Directory.CreateDirectory(disk["instance"]).FullName, "web.conf", null);
        file.Write("old");
        disk.Fill("full", disk.Free - (128 * 1024));
        var e = Assert.Throws<IOException>(() => file.Write(new string('x', 256 * 1024)));
        Assert.Contains("space", e.Message, StringComparison.Ordinal);
        Assert.Equal("old", file.Look().Text);
        Assert.Equal(["web.conf"], Directory.EnumerateFiles(disk["instance"]).Select(Path.GetFileName));
    }

    private GeneratedFile Of(string path) => new(_root, path, null);
}
