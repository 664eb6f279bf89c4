using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Processes;

public sealed class OomCountTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_rise_since_the_last_look_is_seen_and_is_over_at_the_next()
    {
        Write(3);
        var count = new OomCount(_path);
        Assert.False(count.HasRisen);
        Write(4);
        Assert.True(count.HasRisen);
        Assert.True(count.HasRisen);
        count.Look();
        Assert.False(count.HasRisen);
    }

    [Fact]
    public void A_kernel_that_does_not_count_says_nothing()
    {
        File.WriteAllText(_path, "nr_free_pages 12\n");
        Assert.False(new OomCount(_path).HasRisen);
    }

    private void Write(int kills) => File.WriteAllText(_path, $"nr_free_pages 12\noom_kill {kills}\nnr_x 7\n");
}
