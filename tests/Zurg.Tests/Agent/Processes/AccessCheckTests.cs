using System.Runtime.InteropServices;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

public sealed class AccessCheckTests : IDisposable
{
    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_way_has_every_directory_and_leads_through_links_to_the_file()
    {
        var target = _bench.Script("#!/bin/sh\n", "target");
        SetMode(target, "0751");
        Directory.CreateDirectory(At("a"));
        File.CreateSymbolicLink(At("a/relative"), "../a/./../target");
        File.CreateSymbolicLink(At("absolute"), At("a/relative"));
        var way = AccessCheck.WayTo(At("absolute"), lists: true);
        Assert.True(way.IsWhole);
        var last = way.Steps[^1];
        Assert.Equal((target, Libc.EffectiveUser(), Convert.ToInt32("751", 8)), (last.Path, last.Owner, last.Mode));
        Assert.Equal("/", way.Steps[0].Path);
        Assert.Contains(way.Steps, s => s.Path == At("a"));
        Assert.False(last.HasList);
    }

    [Fact]
    public void Links_in_a_circle_and_what_is_not_there_end_the_way()
    {
        File.CreateSymbolicLink(At("one"), At("two"));
        File.CreateSymbolicLink(At("two"), At("one"));
        Assert.False(AccessCheck.WayTo(At("one"), lists: true).IsWhole);
        var gone = AccessCheck.WayTo(At("gone/run"), lists: true);
        Assert.Equal((false, _bench.Directory), (gone.IsWhole, gone.Steps[^1].Path));
    }

    [RootFact]
    public void A_program_behind_a_directory_that_its_user_may_not_enter_is_a_hold()
    {
        Directory.CreateDirectory(At("private"));
        var program = _bench.Script("#!/bin/sh\n", "private/run");
        SetMode(At("private"), "0700");
        var hold = ProcessBench.HoldOf(_bench.Request(program) with { User = "nobody" });
        Assert.Equal(HoldReason.AccessDenied, hold.Reason);
        Assert.Equal(
            $"the user 'nobody' cannot run {program}: it may not enter {At("private")} (mode 0700, of user 0 and group 0)",
            hold.Text);

        // What it says helps.
        SetMode(At("private"), "0701");
        Assert.Equal(0, ProcessBench.ExitOf(_bench.Start(_bench.Request(program) with { User = "nobody" })).Result.Code);
    }

    [RootFact]
    public async Task A_working_directory_that_its_user_may_not_enter_is_a_hold()
    {
        Directory.CreateDirectory(At("private"));
        SetMode(At("private"), "0700");
        var request = _bench.Request("/bin/true") with { User = "nobody", WorkingDirectory = At("private") };
        var hold = ProcessBench.HoldOf(request);
        Assert.Equal(HoldReason.AccessDenied, hold.Reason);
        Assert.Equal($"chmod o+x {At("private")}, or correct user: or working_directory:", hold.Mend);

        // A further group of the process opens it.
        SetMode(At("private"), "0710");
        var mail = UserAccount.FindGroup("mail")!.Value;
        Assert.Equal(0, Libc.ChangeOwner(At("private"), 0, mail));
        Assert.Equal(0, (await ProcessBench.ExitOf(_bench.Start(request with { Groups = ["mail"] }))).Code);
    }

    [RootFact]
    public void An_access_list_that_lets_the_user_in_is_no_hold()
    {
        Directory.CreateDirectory(At("listed"));
        var program = _bench.Script("#!/bin/sh\n", "listed/run");
        SetMode(At("listed"), "0700");
        Assert.Equal(HoldReason.AccessDenied, ProcessBench.HoldOf(_bench.Request(program) with { User = "nobody" }).Reason);

        // posix_acl_xattr.h: version 2, then tag, rights and id of the owner, one user, the group, the mask and the others.
        var user = UserAccount.Find("nobody")!.User;
        var list = new MemoryStream();
        using (var writer = new BinaryWriter(list))
        {
            writer.Write(2);
            foreach (var (tag, rights, id) in ((ushort, ushort, uint)[])
                [(1, 7, uint.MaxValue), (2, 1, user), (4, 0, uint.MaxValue), (16, 1, uint.MaxValue), (32, 0, uint.MaxValue)])
            {
                writer.Write(tag);
                writer.Write(rights);
                writer.Write(id);
            }
        }

        Assert.Equal(0, SetAttribute(At("listed"), "system.posix_acl_access", list.ToArray(), (nuint)list.ToArray().Length, 0));
        Assert.True(AccessCheck.WayTo(program, lists: true).Steps.Single(s => s.Path == At("listed")).HasList);
        Assert.Equal(0, ProcessBench.ExitOf(_bench.Start(_bench.Request(program) with { User = "nobody" })).Result.Code);
    }

    [DllImport("libc", EntryPoint = "setxattr")]
    private static extern int SetAttribute(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, byte[] value,
        nuint size, int flags);

    [RootFact]
    public void An_interpreter_that_its_user_may_not_execute_is_a_hold()
    {
        File.Copy("/bin/sh", At("lisp"));
        SetMode(At("lisp"), "0700");
        var script = _bench.Script($"#!{At("lisp")} -e\n");
        var hold = ProcessBench.HoldOf(_bench.Request(script) with { User = "nobody" });
        Assert.StartsWith($"the user 'nobody' may not execute {At("lisp")}", hold.Text, StringComparison.Ordinal);
        Assert.Equal(0, ProcessBench.ExitOf(_bench.Start(_bench.Request(script))).Result.Code);
    }

    private string At(string name) => Path.Combine(_bench.Directory, name);

    private static void SetMode(string path, string mode) => File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
}
