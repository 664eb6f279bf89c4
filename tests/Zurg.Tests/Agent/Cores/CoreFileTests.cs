using Zurg.Agent.Cores;

namespace Zurg.Tests.Agent.Cores;

public sealed class CoreFileTests
{
    [Fact]
    public void A_core_says_whose_it_is() => Assert.Equal(4711, CoreFile.PidOf(new MemoryStream(CoreBench.Elf(4711))));

    [Fact]
    public void What_stands_for_a_core_in_these_tests_begins_as_the_kernels_files_do()
    {
        using var program = File.OpenRead("/proc/self/exe");
        var magic = new byte[4];
        program.ReadExactly(magic);
        Assert.Equal(magic, CoreBench.Elf(1)[..4]);
    }

    [Fact]
    public void A_program_is_no_core()
    {
        using var program = File.OpenRead("/proc/self/exe");
        Assert.Null(CoreFile.PidOf(program));
    }

    [Fact]
    public void What_was_cut_or_made_up_is_no_core()
    {
        var whole = CoreBench.Elf(4711);
        for (var length = 0; length < whole.Length - 200; length++)
        {
            Assert.Null(CoreFile.PidOf(new MemoryStream(whole[..length])));
        }

        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var broken = whole.ToArray();
            random.NextBytes(broken.AsSpan(random.Next(whole.Length - 8), 8));
            _ = CoreFile.PidOf(new MemoryStream(broken));
        }
    }
}
