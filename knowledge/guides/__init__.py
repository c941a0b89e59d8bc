"""What a person can do with guidance: points, which status fits, papers, deadlines. Data in content/, pure logic here."""
